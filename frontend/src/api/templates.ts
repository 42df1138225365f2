/** The texts of mails. */
import type { Client } from "./client";
import type { PreviewModel, TemplateBody, TemplateModel, TemplatesByMail, TemplatesModel, TestMailModel, TrialBody } from "./schema";

export type Templates = TemplatesModel;
export type Template = TemplateModel;
export type TemplateText = TemplateBody;
export type MailName = keyof TemplatesByMail;
export type Preview = PreviewModel;
/** A text that is tried before it is saved. */
export type Trial = Omit<TrialBody, "requestId">;

export interface TemplatesApi {
  read(language: string): Promise<Templates>;
  /** Save one text, or with null go back to the words of the app; ApiError 412 when the site has another revision. */
  save(language: string, revision: number, mail: string, text: TemplateText | null): Promise<Templates>;
  /** ApiError 422 with the places of what must not stand there. */
  preview(trial: Trial): Promise<Preview>;
  test(trial: Trial): Promise<TestMailModel>;
}

export function templatesApi({ read, write }: Client): TemplatesApi {
  return {
    read: (language) => read(`/settings/templates?language=${encodeURIComponent(language)}`),
    save: (language, revision, mail, text) => write("PUT", "/settings/templates", { language, revision, templates: { [mail]: text } }),
    preview: (trial) => write("POST", "/settings/templates/preview", trial),
    test: (trial) => write("POST", "/settings/templates/test", trial),
  };
}
