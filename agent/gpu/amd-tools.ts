/** Error messages of ROCm's tools, each with what to do about it. */
export const AMD_HINTS = [
  [
    /permission denied|render group|video group|not .*permitted/i,
    'they read /dev/kfd and /dev/dri: add the agent’s user to the groups video and render',
  ],
  [
    /not initiali[sz]ed|driver not|no such device|no .*GPU/i,
    'check lspci, and that the kernel module amdgpu is loaded',
  ],
] as const

/** An id in one form: AMD's tools write the same id with or without `0x`, in upper or lower case. An id of zeros is none. */
export function amdHardwareId(id: string | undefined): string | undefined {
  const hex = /^(?:0x)?([0-9a-f]{5,32})$/i.exec(id ?? '')?.[1]?.toLowerCase()
  return hex === undefined || /^(0+|f+)$/.test(hex) ? undefined : `0x${hex.replace(/^0+/, '')}`
}
