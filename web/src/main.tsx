import "@/ui/fonts.css";
import "@/ui/tokens.css";
import "@/ui/base.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "@/app";

createRoot(document.getElementById("root")!).render(<StrictMode><App /></StrictMode>);
