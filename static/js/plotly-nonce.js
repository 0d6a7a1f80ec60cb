// Plotly writes <style> elements, which the content security policy refuses without its nonce.
(() => {
  const { nonce } = document.currentScript;
  const create = Document.prototype.createElement;
  document.createElement = function (name, options) {
    const element = create.call(this, name, options);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  };
})();
