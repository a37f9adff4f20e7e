// Before the first paint: the language and the colours that the reader chose, so that nothing flickers.
// A plain script, for a module would come too late.

(() => {
  const read = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage may be forbidden
    }
  };
  const root = document.documentElement;
  const wanted = read("automoney-language") ?? navigator.language;
  root.lang = /^zh\b/i.test(wanted) ? "zh-CN" : "en";
  const theme = read("automoney-theme");
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
})();
