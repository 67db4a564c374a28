/**
 * The highest power limit that makers sell a board with, W, from their data sheets (nvidia.com/data-center, amd.com/instinct, and those of the workstation and
 * GeForce boards). Of a name that several boards share the largest. For replies that tell no limit of their own: dcgm without that field, a tool that is not allowed to.
 */
const BOARD_LIMITS: readonly (readonly [model: RegExp, limitW: number])[] = [
  [/\bG?B300\b/, 1_400],
  [/\bGB200\b/, 1_200],
  [/\bB200\b/, 1_200],
  [/\bB100\b/, 700],
  [/\bGH200\b/, 1_000],
  [/\bH[12]00\b|\bH800\b/, 700],
  [/\bH20\b/, 500],
  [/\bA[18]00\b(?!0)/, 500],
  [/\bA40\b/, 300],
  [/\bA30\b/, 165],
  [/\bA10\b/, 150],
  [/\bA16\b/, 250],
  [/\bA2\b/, 60],
  [/\bL40S?\b/, 350],
  [/\bL4\b/, 75],
  [/\bT4\b/, 75],
  [/\bV100\b/, 350],
  [/\bRTX PRO 6000\b/, 600],
  [/\bRTX 5090\b/, 600],
  [/\bRTX 4090\b/, 600],
  [/\bRTX 3090\b/, 480],
  [/\bMI355X?\b|0x75a3\b/i, 1_400],
  [/\bMI350X\b|0x75a0\b/i, 1_000],
  [/\bMI325X\b|0x74a5\b/i, 1_000],
  [/\bMI300X\b|0x74(a1|b5)\b/i, 750],
  [/\bMI300A\b|0x74a0\b/i, 760],
  [/\bMI250X?\b|0x740[c8]\b/i, 560],
  [/\bMI210\b|0x740f\b/i, 300],
  [/\bMI100\b/, 300],
]

/** The highest limit of a board by its model, W; undefined where it is not known. */
export const boardLimitW = (model: string | undefined): number | undefined =>
  BOARD_LIMITS.find(([pattern]) => pattern.test(model ?? ''))?.[1]
