import { html } from 'hono/html'

/** HTML whose inserted texts, such as names of customers and workloads, `html` has escaped. */
export type Markup = ReturnType<typeof html>

/** A name and its value, within a `dl`. */
export const entry = (name: string, value: string): Markup =>
  html`<div><dt>${name}</dt> <dd>${value}</dd></div>`
