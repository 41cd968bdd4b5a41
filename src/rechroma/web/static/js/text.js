// The page's words. In the code they are English; `static/languages/CODE.json` says them in another
// language, and a test holds that each of those files has them all.

const CHOSEN = "rechroma.language";
export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español", fr: "Français", zh: "中文" };

const chosen = () => [localStorage.getItem(CHOSEN), ...navigator.languages]
  .map((code) => code?.split("-")[0]).find((code) => code in LANGUAGES) ?? "en";

async function wordsOf(code) {
  try {
    return await (await fetch(`static/languages/${code}.json`)).json();
  } catch {
    return {};
  }
}

export const language = chosen();
const words = language === "en" ? {} : await wordsOf(language);

/** A text in the language of whoever looks at the page; {name} stands for a value of that name. */
export const t = (text, values = {}) => (words[text] ?? text)
  .replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** Say what the document itself says in that language, too. */
export function translateDocument() {
  document.documentElement.lang = language;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.data.replace(/\s+/g, " ").trim();
    if (words[text]) texts.currentNode.data = words[text];
  }
  for (const name of ["aria-label", "title"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) element.setAttribute(name, t(element.getAttribute(name)));
  }
}

/** Go on in another language: the page is loaded again, and has kept the work. */
export function speak(code) {
  localStorage.setItem(CHOSEN, code);
  location.reload();
}
