import { z } from 'zod'
import { defineRule, type Finding } from '../plugin/rule.ts'

export default defineRule({
  name: 'store-warning',
  summary:
    'the database has lost what it held, is shorter than it was, or keeps the ledger only for a time; no loss is given',
  defaults: { severity: 'critical', for: '0s', clearFor: '0s' },
  settings: z.strictObject({}),
  judge: ({ storeWarnings = [] }) =>
    storeWarnings.map(
      ({ what, cure }, i): Finding => ({
        subject: { part: `store/${i + 1}` },
        verdict: 'bad',
        summary: `${what}; ${cure}`,
      }),
    ),
})
