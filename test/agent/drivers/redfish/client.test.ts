import { expect, test } from 'vitest'
import { Redfish } from '../../../../agent/drivers/redfish/client.ts'
import { Secret } from '../../../../protocol/kit/secret.ts'
import { soon } from '../../asic-harness.ts'
import { startBmc } from '../../bmc-server.ts'

test('credentials that a BMC refused are sent again after a while: it may have been booting', async () => {
  const bmc = await startBmc({ '/redfish/v1/': { RedfishVersion: '1.17.0' } })
  let nowMs = 1_000
  const access = { url: bmc.url, username: 'monitor', password: new Secret('sesame') }
  const service = new Redfish(access, () => nowMs)
  const ask = () => service.get('/redfish/v1/', soon())
  bmc.answer = (_, response) => response.writeHead(401).end('{}')
  await expect(ask()).rejects.toThrow('check the user and password')
  bmc.answer = undefined
  nowMs += 599_999
  await expect(ask()).rejects.toThrow('The agent sends them again in 10 minutes')
  expect(bmc.asked).toHaveLength(1)
  nowMs += 1
  expect(await ask()).toEqual({ RedfishVersion: '1.17.0' })
})
