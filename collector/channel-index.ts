// Made by `npm run generate` from the files of the folder; do not edit.
import type { ChannelFactory } from './channel.ts'
import webhook from './channels/webhook.ts'

export const CHANNEL_FACTORIES: readonly ChannelFactory[] = [
  webhook,
]
