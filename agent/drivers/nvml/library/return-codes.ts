import { readFileSync, statSync } from 'node:fs'

/** The values of nvmlReturn_t on which this agent acts. */
export const NVML = {
  ok: 0,
  uninitialised: 1,
  unsupported: 3,
  noPermission: 4,
  notFound: 6,
  shortBuffer: 7,
  noDriver: 9,
  timedOut: 10,
  noSymbol: 13,
  lost: 15,
  resetRequired: 16,
  mismatch: 18,
} as const

const WORDS: Readonly<Record<number, string>> = {
  1: 'the library is not initialised',
  2: 'invalid argument',
  3: 'not supported',
  4: 'no permission',
  6: 'not found',
  7: 'the buffer is too short',
  8: "the GPU's power cables are not all connected",
  9: 'the NVIDIA driver is not loaded',
  10: 'timed out',
  11: "the kernel has a problem with the GPU's interrupts",
  12: 'the NVML library is not found',
  13: 'the library lacks this function',
  14: "the GPU's infoROM is corrupted",
  15: 'the GPU has fallen off the bus',
  16: 'the GPU needs a reset',
  17: 'the operating system keeps the agent from the GPU',
  18: 'the library and the loaded driver are of different versions',
  19: 'the GPU is in use',
  20: 'out of memory',
  25: 'the version of an argument is not known',
  999: 'unknown error',
}

const ADVICE: Readonly<Record<number, () => string>> = {
  4: () => `give the agent's user read and write access to /dev/nvidia*${deviceGroup()}`,
  8: () => 'check the cables',
  9: () => 'check that its kernel module is loaded (lsmod | grep nvidia), and dmesg for NVRM',
  14: () => 'the board needs service',
  15: () => 'check dmesg for XID 79, and the host’s PCIe; it needs a reboot',
  16: () => 'reset it with nvidia-smi --gpu-reset when nothing runs on it, or reboot',
  17: () =>
    'a container, or a systemd unit without DeviceAllow=char-nvidia-frontend, hides /dev/nvidia*; give the agent access to them',
  18: () => 'the driver was updated while it ran: load its new kernel modules, or reboot',
}

/** The meaning of a return code, and what to do about it, in one line. nvidia-smi exits with the same codes. */
export function codeText(code: number): string {
  const advice = ADVICE[code]?.()
  return `${WORDS[code] ?? 'unknown NVML error'} (NVML ${code})${advice ? `; ${advice}` : ''}`
}

export const hasWords = (code: number): boolean => WORDS[code] !== undefined

/** Advice on the group that may open /dev/nvidiactl: some sites restrict the device to a group by NVreg_DeviceFileGID. */
function deviceGroup(): string {
  try {
    const { gid, mode } = statSync('/dev/nvidiactl')
    if ((mode & 0o066) === 0o066)
      return ': a container or a systemd unit may hide them (DeviceAllow=char-nvidia-frontend)'
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(gid))
    return `: they are group ${line?.split(':', 1)[0] ?? gid}'s (usermod -aG, or SupplementaryGroups= in the unit)`
  } catch {
    return ' (the agent sees no such device: add DeviceAllow=char-nvidia-frontend to its unit)'
  }
}
