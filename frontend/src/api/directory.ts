/** People, apps and groups: found while somebody types, and, like files, named where only ids are stored. */
import type { Client } from "./client";
import type { FilesModel, GroupsModel, PeopleModel } from "./schema";

export type Kind = "person" | "app" | "group";

/** The name is null where Confluence hides it, undefined where it could not be asked for just now. */
export interface Named {
  readonly id: string;
  readonly name: string | null | undefined;
}

export interface DirectoryApi {
  /** Return some whose name begins with the text. */
  find(kind: Kind, text: string): Promise<readonly Named[]>;
  /** Return those that Confluence knows. */
  named(kind: Kind | "file", ids: readonly string[]): Promise<readonly Named[]>;
}

const IDS_IN_ONE_CALL = 25;

export function directoryApi({ read }: Client): DirectoryApi {
  async function files(text: string): Promise<readonly Named[]> {
    const { files: found, unknown } = await read<FilesModel>(`/files?${text}`);
    return [...found.map(({ id, title }) => ({ id, name: title })), ...unknown.map((id) => ({ id, name: undefined }))];
  }

  async function ask(kind: Kind | "file", query: Readonly<Record<string, string>>): Promise<readonly Named[]> {
    const text = new URLSearchParams(query).toString();
    if (kind === "file") return files(text);
    if (kind === "group") return (await read<GroupsModel>(`/groups?${text}`)).groups;
    const { people } = await read<PeopleModel>(`/people?${text}`);
    return people.map(({ accountId, displayName }) => ({ id: accountId, name: displayName }));
  }

  return {
    find: (kind, text) => ask(kind, kind === "app" ? { q: text, kind } : { q: text }),
    async named(kind, ids) {
      const parts = Array.from({ length: Math.ceil(ids.length / IDS_IN_ONE_CALL) }, (_, part) =>
        ids.slice(part * IDS_IN_ONE_CALL, (part + 1) * IDS_IN_ONE_CALL));
      return (await Promise.all(parts.map((part) => ask(kind, { ids: part.join(",") })))).flat();
    },
  };
}
