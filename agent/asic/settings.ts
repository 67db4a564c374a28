import { PortSchema } from '../../protocol/kit/fields.ts'
import { WebAccessSchema } from '../wire/web-auth.ts'

/** The setting of a miner that answers on one TCP port, for `port`. */
export const minerPort = (port: number) => PortSchema.default(port).describe('TCP port of the miner’s API')

/** The setting of a miner's web interface, for `port` or `webPort`. */
export const webPort = (port = 80) => PortSchema.default(port).describe('port of the web interface')

/** The setting of a web interface's login, for `web`. @param use what the login is for, or how it differs */
export const webLogin = (use: string) => WebAccessSchema.optional().describe(use)
