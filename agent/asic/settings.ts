import { PortSchema } from '../../protocol/kit/fields.ts'
import { WebAccessSchema } from '../wire/web-auth.ts'

/** The setting `port`: the TCP port of the miner's API. @param port the default */
export const minerPort = (port: number) => PortSchema.default(port).describe('TCP port of the miner’s API')

/** The setting `webPort`, or `port` of a miner that has a web interface only. @param port the default */
export const webPort = (port = 80) => PortSchema.default(port).describe('port of the web interface')

/** The setting `web`: the optional login of the web interface. @param use what the login is for, in the help */
export const webLogin = (use: string) => WebAccessSchema.optional().describe(use)
