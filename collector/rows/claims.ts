import type { DeviceClaim, NamedDevice } from '../plugin/claim-store.ts'

/** A claim as a row: its key in columns, everything else as JSON. */

export const claimKey = ({ agentId, deviceId }: NamedDevice): string => `${agentId}\n${deviceId}`
export const claimText = ({ agentId: _, deviceId: __, ...rest }: DeviceClaim): string => JSON.stringify(rest)
export const claimOf = ({ agentId, deviceId, text }: NamedDevice & { text: string }): DeviceClaim => ({
  agentId,
  deviceId,
  ...(JSON.parse(text) as Omit<DeviceClaim, keyof NamedDevice>),
})
