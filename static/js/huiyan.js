// Small behaviours, each bound by a data attribute and delegated, so that parts swapped in later have them too.
(() => {
  const on = (type, selector, act) =>
    document.addEventListener(type, (event) => {
      const match = event.target.closest?.(selector);
      if (match) act(match, event);
    });

  function isTyping(element) {
    return element.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName);
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus();
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const search = document.querySelector("[data-search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  });

  on("click", "[data-dismiss]", (button) => {
    const list = button.closest(".messages");
    button.closest("li").remove();
    if (list.classList.contains("toast")) list.remove();
    else if (!list.children.length) list.hidden = true;
  });

  on("click", "[data-dialog]", (button) => document.getElementById(button.dataset.dialog).showModal());
  on("click", "[data-close]", (button) => button.closest("dialog").close());
  on("click", "dialog", (dialog, event) => {
    if (event.target === dialog) dialog.close();
  });
  on("input", "[data-must-equal]", (input) => {
    const isSame = input.value.trim() === input.dataset.mustEqual.trim();
    input.form.querySelector("button:not([type=button])").disabled = !isSame;
  });

  on("click", "[data-copy]", async (button) => {
    const source = document.getElementById(button.dataset.copy);
    source.select();
    // Without https there is no clipboard: the text is then selected, ready for the keyboard.
    await navigator.clipboard?.writeText(source.value);
    if (navigator.clipboard) button.textContent = button.dataset.copied;
  });

  // A row of fields that was opened under a row of a table; it may be opened again, as it was.
  on("click", "[data-close-row]", (button) => {
    const row = button.closest("tr");
    row.replaceChildren();
    row.hidden = true;
    row.previousElementSibling.querySelector("a").focus();
  });

  on("change", "form[data-auto]", (form) => form.requestSubmit());

  function closeMenus(except) {
    document.querySelectorAll("details.menu[open], .tabs details[open]").forEach((menu) => {
      if (menu !== except) menu.open = false;
    });
  }
  document.addEventListener("click", (event) => closeMenus(event.target.closest?.("details")));

  on("change", "[data-drop] input", (input) => {
    const drop = input.closest("[data-drop]");
    drop.classList.add("chosen");
    drop.querySelector("[data-drop-name]").textContent = [...input.files].map((file) => file.name).join(", ");
  });
  on("dragover", "[data-drop]", (drop) => drop.classList.add("over"));
  for (const type of ["dragleave", "drop"]) on(type, "[data-drop]", (drop) => drop.classList.remove("over"));

  // Rows of a form set: the template's __prefix__ becomes the next number.
  on("click", "[data-rows-add]", (button) => {
    const form = button.closest("[data-rows]");
    const total = form.elements[`${form.dataset.rows}-TOTAL_FORMS`];
    const list = form.querySelector("[data-rows-list]");
    const text = form.querySelector("[data-rows-template]").innerHTML.replaceAll("__prefix__", total.value);
    list.insertAdjacentHTML("beforeend", text);
    total.value = Number(total.value) + 1;
    list.lastElementChild.querySelector("input").focus();
  });

  // A form that nobody has filled in yet begins with the browser's own time zone.
  const fresh = document.querySelector("[data-own-zone]");
  const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (fresh && ownZone) fresh.elements[fresh.dataset.ownZone].value = ownZone;

  function showTrouble() {
    if (document.querySelector(".toast li")) return;
    document.body.append(document.getElementById("trouble-template").content.cloneNode(true));
  }
  for (const type of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(type, showTrouble);
  }
})();
