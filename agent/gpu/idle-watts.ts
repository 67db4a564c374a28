/**
 * What boards draw without work, W, from published outputs of idle machines: nvidia-smi, rocm-smi or amd-smi with 0 % use and no memory
 * in use. Where outputs differ, about the middle of them. AMD's older tools and the kernel write only the device id.
 */
const IDLE_W: readonly (readonly [model: RegExp, idleW: number])[] = [
  // nvidia-smi 590.48, idle at P0: 69.85 W, and 71.15 W under MIG (nvidia_gpu_exporter, internal/integration/testdata)
  [/\bH100\b.*\bHBM3\b/, 70],
  // 46 and 49 W of 350 W at P0 (published outputs of drivers 535 to 570)
  [/\bH100\b.*\bPCIe\b/i, 47],
  // 61, 62 and 64 W of 400 W at P0, 62 W under MIG
  [/\bH100\b.*\bNVL\b/i, 62],
  // nvidia-smi of an idle H200 SXM: 78.3 W
  [/\bH200\b/, 78],
  // 72 W of 500 W at P0
  [/\bH20\b/, 72],
  // 73 to 87 W of 700 or 900 W at P0: the GPU alone, without its Grace
  [/\bGH200\b/, 82],
  // 136 to 142 W of 1000 W at P0 (modal-labs/gpu-glossary, nvidia-smi), and 137 W (ROCm issue 5219, which compares it)
  [/\bB200\b/, 138],
  // 156 to 181 W of 1200 W at P0
  [/\bGB200\b/, 162],
  // 135 and 139 W of 1100 W at P0
  [/\bB300\b/, 137],
  // nvidia-smi -q -x of an A100 under MIG without a process: 67.03 W (telegraf, plugins/inputs/nvidia_smi/testdata/a100-sxm4.xml)
  [/\bA100-SXM4-80GB\b/, 67],
  // 47 to 57 W of 400 W at P0
  [/\bA100-SXM4-40GB\b/, 54],
  // 40 to 49 W of 300 W at P0, 40 W under MIG
  [/\bA100\b.*80GB.*\bPCIe\b/i, 45],
  // 30 to 36 W of 250 W at P0, 31 W under MIG
  [/\bA100\b.*\bPCIe\b/i, 33],
  // 27 W of 165 W, 37 W under MIG
  [/\bA30\b/, 32],
  // 28 to 34 W of 600 W at P8, 46 W at P0
  [/\bRTX PRO 6000\b.*\bServer\b/, 37],
  // rocm-smi of eight dies: 82 to 102 W of 560 W a package (trainings of EuroCC and LUMI)
  [/\bMI250X?\b|0x740[c8]\b/i, 91],
  // 40 to 44 W of 300 W
  [/\bMI210\b|0x740f\b/i, 41],
  // amd-smi monitor -ptumv of eight MI300X at 0 % and 113 MHz: 171 to 178 W (ROCm/amdsmi, CHANGELOG.md)
  [/\bMI300X\b|0x74(a1|b5)\b/i, 175],
  // 120 to 127 W of 550 W, in SPX, TPX and CPX
  [/\bMI300A\b|0x74a0\b/i, 123],
  // 135 and 144 W of 1000 W; eight of them 137 to 148 W between two runs (InferenceX issue 828)
  [/\bMI325X\b|0x74a5\b/i, 140],
  // amd-smi monitor -putm of eight: 251 to 258 W of 1000 W
  [/\bMI350X\b|0x75a0\b/i, 256],
  // 238 W, which AMD calls the expected figure (ROCm issue 5219)
  [/\bMI355X?\b|0x75a3\b/i, 238],
]

/** The part of its power limit that an idle board of a generation draws: what the boards above have in common. */
const IDLE_PART: readonly (readonly [model: RegExp, part: number])[] = [
  // Ampere: 0.13 to 0.17
  [/\bA(10|16|30|40|100|800)\b/, 0.14],
  // Hopper: 0.10 to 0.16
  [/\bG?H\d{2,3}\b/, 0.12],
  // Blackwell of data centres: 0.12 to 0.14
  [/\bG?B\d{3}\b/, 0.13],
  // AMD CDNA 2: 0.14 to 0.16
  [/\bMI2\d\dX?\b/i, 0.15],
  // AMD CDNA 3 and 4: 0.14 to 0.26
  [/\bMI3\d\d[AX]?\b/i, 0.2],
]
const ANY_PART = 0.12

/** What a model draws without work, W; undefined where no source tells. */
export const idleWOf = (model: string | undefined): number | undefined =>
  IDLE_W.find(([pattern]) => pattern.test(model ?? ''))?.[1]

/** The part of its power limit that a model draws without work, as its generation does. */
export const idlePartOf = (model: string | undefined): number =>
  IDLE_PART.find(([pattern]) => pattern.test(model ?? ''))?.[1] ?? ANY_PART
