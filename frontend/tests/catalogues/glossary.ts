/** Words that mails and screens say alike, as stems. The glossaries at the heads of the mails' catalogues have them in full. */
import type { Translation } from "../../catalogues/po";

interface Term {
  readonly english: RegExp;
  readonly stems: Readonly<Record<string, RegExp>>;
}

export const TERMS: Readonly<Record<string, Term>> = {
  lock: { english: /\b(locks?|locked|locking)\b/i, stems: { de: /sperr/i, fr: /verrou/i, nl: /vergrendel/i, ja: /ロック/, ru: /блокир/i } },
  unlock: { english: /\bunlock/i, stems: { de: /entsperr/i, fr: /déverrouill/i, nl: /ontgrendel/i, ja: /解除/, ru: /сня|сним/i } },
  attachment: { english: /\battachments?\b/i, stems: { de: /Anh[aä]ng/i, fr: /pièces? jointes?/i, nl: /bijlage/i, ja: /添付ファイル/, ru: /вложени/i } },
  space: { english: /\bspaces?\b/i, stems: { de: /Bereich/i, fr: /espace/i, nl: /ruimte/i, ja: /スペース/, ru: /пространств/i } },
  history: { english: /\bhistory\b/i, stems: { de: /Versionsverlauf/i, fr: /historique/i, nl: /geschiedenis/i, ja: /履歴/, ru: /истори/i } },
  overwrite: { english: /\boverwr(ite|ote|itten)/i, stems: { de: /überschr/i, fr: /écras/i, nl: /overschr/i, ja: /上書き/, ru: /перезапи/i } },
  undo: { english: /\bundo(ne|ing)?\b/i, stems: { de: /rückgängig/i, fr: /annul/i, nl: /ongedaan/i, ja: /取り消|元に戻/, ru: /отмен/i } },
  protect: { english: /\bprotect/i, stems: { de: /sch[uü]tz/i, fr: /prot[eéè]g|protection/i, nl: /bescherm/i, ja: /保護/, ru: /защи[тщ]/i } },
  extend: { english: /\bextend/i, stems: { de: /verlänger/i, fr: /prolong/i, nl: /verleng/i, ja: /延長/, ru: /продл/i } },
  takeOver: { english: /\b(take|takes|took|taken) over\b/i, stems: { de: /überno|übernehm|übernimm/i, fr: /repri|reprendre/i, nl: /overnem|overgenomen/i, ja: /引き継/, ru: /забра|переш/i } },
  handOver: { english: /\bhand(s|ed)? ([\p{L}… ]+ )?over\b/iu, stems: { de: /übergeb|weitergegeben/i, fr: /céd/i, nl: /overdra|overgedragen|over te dragen/i, ja: /引き渡/, ru: /переда/i } },
  trash: { english: /\btrash\b/i, stems: { de: /Papierkorb/i, fr: /corbeille/i, nl: /prullenbak/i, ja: /ゴミ箱/, ru: /корзин/i } },
};

/** Return translations that use another word, as `term: English → translation`. */
export function strangers(translations: readonly Translation[], language: string): readonly string[] {
  return translations.filter(({ unsure }) => !unsure).flatMap(({ english, texts }) => {
    const source = english.join(" ").replace(/\{\w+\}/g, "…");
    return Object.entries(TERMS).flatMap(([term, { english: means, stems }]) => {
      const stem = stems[language];
      if (stem === undefined) return [`${term}: no word in ${language}`];
      return means.test(source) ? texts.filter((text) => text !== "" && !stem.test(text)).map((text) => `${term}: ${source} → ${text}`) : [];
    });
  });
}
