// Small helpers around the document.

/** Make an element: properties are set, `dataset`, `style`, `aria` and `on` are spread. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "style") Object.assign(element.style, value);
    else if (name === "aria") {
      for (const [key, text] of Object.entries(value)) element.setAttribute(`aria-${key}`, text);
    } else if (name === "on") {
      for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    } else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Give a slider the range and the default that the service tells. */
export function setRange(input, { minimum, maximum, default: usual }) {
  Object.assign(input, { min: minimum, max: maximum, value: usual });
}

export const find = (id) => document.getElementById(id);

/** Replace an element's children; who had the focus of one has it of its successor. */
export function replaceItems(root, items, otherwise) {
  const focused = [...root.children].indexOf(document.activeElement);
  root.replaceChildren(...items);
  if (focused >= 0) (items[Math.min(focused, items.length - 1)] ?? otherwise).focus();
}

/** Say something to people who don't see the page. */
export function announce(text) {
  find("status").textContent = text;
}

/** Show an error where it belongs, or take it away. */
export function showError(element, error) {
  element.hidden = !error;
  element.textContent = error ? wordsOf(error) : "";
}

/** Show what is unusual, sentences that the service says, or take it away. */
export function showNotes(element, notes) {
  element.hidden = notes.length === 0;
  element.textContent = notes.join(" ");
}

/** What is wrong, and what can be done about it, as one sentence or two. */
export function wordsOf(error) {
  const first = capital(error.message || String(error));
  return error.mend ? `${first}. ${capital(error.mend)}.` : `${first}.`;
}

// A sentence that begins with a file's name begins with it as it is.
const capital = (text) => (/^\S+\.\S/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1));

/** An address of a JPEG in a data: URI, which the page's own rules don't let it show as it is. */
export function addressOf(text) {
  const bytes = Uint8Array.from(atob(text.slice(text.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
}

/** Call `work` once things have been quiet for a while. */
export function whenQuiet(work, milliseconds) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), milliseconds);
  };
}
