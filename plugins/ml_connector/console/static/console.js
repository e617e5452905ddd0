// The theme of Airflow's UI, and links that leave the frame in which Airflow shows this page.
(function () {
  "use strict";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function applyTheme() {
    let chosen = null;
    try {
      chosen = window.localStorage.getItem("theme");
    } catch { /* storage may be forbidden; then the system's setting counts */ }
    const theme = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
    document.documentElement.classList.remove("light", "dark");
    document.documentElement.classList.add(theme);
  }

  applyTheme();
  dark.addEventListener("change", applyTheme);
  window.addEventListener("storage", applyTheme);

  // Airflow's frame may not navigate the window around it; a link of that window's own may.
  document.addEventListener("click", function (event) {
    const link = event.target.closest ? event.target.closest('a[target="_top"]') : null;
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || window.top === window) return;
    const outside = window.parent.document.createElement("a");
    outside.href = link.href;
    window.parent.document.body.append(outside);
    outside.click();
    outside.remove();
    event.preventDefault();
  });
})();
