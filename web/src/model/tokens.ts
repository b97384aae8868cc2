import type { Body } from "@/api/client";

// What the form for a new token holds, and what it asks of the API.

export const ROLES = ["viewer", "operator", "author", "admin"] as const;
export type Role = (typeof ROLES)[number];
export const ROLE_WORDS: Record<Role, string> = {
  viewer: "reads everything it may see", operator: "also triggers, clears, pauses", author: "also submits DAGs", admin: "also tokens, pools, audit",
};

export const LIFETIMES = [
  { value: "604800", label: "7 days" }, { value: "2592000", label: "30 days" }, { value: "7776000", label: "90 days" },
  { value: "31536000", label: "1 year" }, { value: "", label: "until it is revoked" },
];

export interface TokenForm {
  name: string;
  role: Role;
  /** Patterns of DAG ids with blanks or commas between; empty: all. */
  dags: string;
  /** Seconds, "": forever. */
  lifetime: string;
}

/** Only viewers and operators can be limited to some DAGs. */
export function canBeLimited(role: Role): boolean {
  return role === "viewer" || role === "operator";
}

export function patternsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

export function tokenFaults(form: TokenForm): Partial<Record<keyof TokenForm, string>> {
  const faults: Partial<Record<keyof TokenForm, string>> = {};
  if (!/^[A-Za-z0-9_.-]{1,200}$/.test(form.name)) faults.name = "letters, digits, _ . -";
  const bad = canBeLimited(form.role) ? patternsOf(form.dags).find((pattern) => !/^[A-Za-z0-9_.*?-]{1,200}$/.test(pattern)) : undefined;
  if (bad) faults.dags = `${bad} is no pattern: letters, digits, _ . - and * ?`;
  return faults;
}

export function tokenWish(form: TokenForm): Body<"/api/v2/tokens"> {
  const dags = canBeLimited(form.role) ? patternsOf(form.dags) : [];
  return {
    name: form.name, role: form.role,
    ...(dags.length ? { scope: { dags } } : {}),
    ...(form.lifetime ? { expires_in: Number(form.lifetime) } : {}),
  };
}
