import { useState } from "react";

/** Theme is what a person chose: light, dark, or as the system has it. */
export type Theme = "light" | "dark" | "system";

/** The next theme for whoever presses the button. */
const nextTheme: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

function chosenTheme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

/** useTheme returns the theme and what goes on to the next one. public/theme.js sets it before the first paint. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState(chosenTheme);
  const change = () => {
    const next = nextTheme[theme];
    if (next === "system") {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem("theme");
    } else {
      document.documentElement.dataset.theme = next;
      localStorage.setItem("theme", next);
    }
    setTheme(next);
  };
  return [theme, change];
}
