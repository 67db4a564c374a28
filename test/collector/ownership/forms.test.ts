import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { identityKeys } from '../../../collector/ownership/identity.ts'
import { OwnershipRegister } from '../../../collector/ownership/register.ts'
import type { Device } from '../../../protocol/device.ts'

/** The keys of a device beside its name. */
const keysOf = (over: Partial<Device>): string[] =>
  identityKeys('m1', { deviceId: 'm1', kind: 'asic', driver: 'd', ...over }).slice(1)
const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits })
    .map((all) => all.join(''))
const capitals = (text: string, flags: readonly boolean[]) =>
  [...text].map((c, i) => (flags[i % flags.length] ? c.toUpperCase() : c)).join('')
const anyCase = fc.array(fc.boolean(), { minLength: 1, maxLength: 9 })

/** A host, and every way in which programs write it. */
const ipv4 = fc.tuple(
  fc.integer({ min: 1, max: 126 }),
  fc.nat(255),
  fc.nat(255),
  fc.integer({ min: 1, max: 254 }),
)
const writtenIpv4 = ipv4.map((bytes) => {
  const [a, b, c, d] = bytes
  const plain = bytes.join('.')
  const two = (high: number, low: number) => ((high << 8) | low).toString(16)
  return {
    plain,
    forms: [plain, `::ffff:${plain}`, `::FFFF:${two(a, b)}:${two(c, d)}`, `0:0:0:0:0:ffff:${plain}`],
  }
})
const writtenIpv6 = fc.tuple(hex(4), hex(4), hex(4)).map(([a, b, c]) => {
  const plain = `2001:db8:${a}::${b}:${c}`
  return { plain, forms: [plain, `2001:0DB8:${a}:0:0:0:${b}:${c}`, `2001:db8:${a.toUpperCase()}::${b}:${c}`] }
})
const writtenName = fc
  .tuple(
    fc.constantFrom('rig', 'pdu', 'node', 'hall-b'),
    fc.nat(9999),
    fc.constantFrom('', '.mine.example', '.lan'),
  )
  .map(([what, number, domain]) => {
    const plain = `${what}-${number}${domain}`
    return { plain, forms: [plain, plain.toUpperCase(), `${plain}.`] }
  })
const written = fc.oneof(writtenIpv4, writtenIpv6, writtenName)
const decoration = fc.record({
  scheme: fc.constantFrom('', 'http://', 'tcp://', 'TCP://', 'stratum+tcp://', '//', 'HTTPS://', 'ssh://'),
  user: fc.constantFrom('', 'root@', 'root:admin@', 'me@mine.example:p@'),
  port: fc.constantFrom('', ':4028', ':80', ':04028', ':'),
  path: fc.constantFrom('', '/', '/cgi-bin/summary.cgi'),
  space: fc.constantFrom('', ' ', '  '),
})

describe('one machine, however it is written', () => {
  it('has one place, with any scheme, user, usual port, capitals and form of its address', () => {
    fc.assert(
      fc.property(
        written,
        fc.nat(9),
        decoration,
        ({ plain, forms }, which, { scheme, user, port, path, space }) => {
          const host = forms[which % forms.length] as string
          // an IPv6 address is bare, or in brackets
          const reached = host.includes(':') && (port || scheme || user || path) ? `[${host}]` : host
          const address = `${space}${scheme}${user}${reached}${port}${path}${space}`
          expect(keysOf({ address })).toEqual([
            `at asic ${plain.includes(':') ? keysOf({ address: plain })[0]?.slice(8) : plain}`,
          ])
        },
      ),
    )
  })

  it('keeps another port, which leads to another machine, in any form', () => {
    fc.assert(
      fc.property(
        written,
        fc.nat(9),
        fc.integer({ min: 10_000, max: 50_000 }),
        ({ plain, forms }, which, port) => {
          const reached = (host: string) => (host.includes(':') ? `[${host}]` : host)
          const [key] = keysOf({
            address: `tcp://root@${reached(forms[which % forms.length] as string)}:${port}`,
          })
          expect(keysOf({ address: `${reached(plain)}:${port}` })).toEqual([key])
          expect(keysOf({ address: plain })).not.toEqual([key])
          expect(keysOf({ address: `${reached(plain)}:${port - 1}` })).not.toEqual([key])
        },
      ),
    )
  })

  it('is another machine at another address', () => {
    fc.assert(
      fc.property(written, written, (a, b) => {
        fc.pre(a.plain !== b.plain)
        expect(keysOf({ address: a.plain })).not.toEqual(keysOf({ address: b.plain }))
      }),
    )
  })

  it.each([
    ['127.0.0.1:4028', '[::1]:4028'],
    ['c0ffee 127.0.0.1', 'C0FFEE localhost'],
    ['c0ffee 127.0.0.1:5001', 'c0ffee [::1]:5001'],
    ['10.0.0.7', '10.7'],
    ['10.0.0.7', '0x0a.0.0.7'],
  ])('is at %s as at %s', (a, b) => {
    expect(keysOf({ address: b })).toEqual(keysOf({ address: a }))
  })

  it.each<[Device['kind'], string, string]>([
    ['meter', '10.0.0.5:502 unit=3', 'modbus://10.0.0.5 UNIT=03'],
    ['meter', '10.0.0.5:502', '10.0.0.5:502 unit=1'],
    ['asic', '10.0.0.7', 'http://10.0.0.7:8080/'],
    ['asic', '10.0.0.7:4028', '10.0.0.7:50051'],
    ['meter', 'pdu-1:161', 'snmp://public@PDU-1.'],
    ['service', 'llm-1:8000', 'http://Llm-1:8000/metrics'],
    ['host', '10.0.0.9', 'https://admin@[::ffff:10.0.0.9]:443/'],
  ])('a %s is at %s as at %s', (kind, a, b) => {
    expect(keysOf({ kind, address: b })).toEqual(keysOf({ kind, address: a }))
  })

  it.each<[Device['kind'], string, string]>([
    ['meter', '10.0.0.5:502 unit=3', '10.0.0.5:502 unit=4'],
    ['meter', '10.0.0.5:502', '10.0.0.5:502 unit=2'],
    ['meter', '10.0.0.5:502', '10.0.0.5:161'],
    ['host', '10.0.0.9/redfish/v1/Systems/1', '10.0.0.9/redfish/v1/Systems/2'],
    ['asic', '10.0.0.7 @hall-a', '10.0.0.7 @hall-b'],
  ])('is another %s at %s than at %s', (kind, a, b) => {
    expect(keysOf({ kind, address: b })).not.toEqual(keysOf({ kind, address: a }))
  })

  it('has one MAC in every notation, told by itself or by the network', () => {
    fc.assert(
      fc.property(hex(12), anyCase, fc.boolean(), (plain, flags, byNetwork) => {
        fc.pre(!/^(?:0+|f+)$/.test(plain))
        const bytes = plain.match(/../g) as string[]
        const forms = [
          plain,
          bytes.join(':'),
          bytes.join('-'),
          bytes.join(' '),
          bytes.map((byte) => byte.replace(/^0/, '')).join(':'),
          (plain.match(/.{4}/g) as string[]).join('.'),
          (plain.match(/.{6}/g) as string[]).join('-'),
          `0x${plain}`,
          `MAC: ${bytes.join(':')}`,
        ]
        const told = forms
          .map((form) => capitals(form, flags))
          .map((form) => (form.startsWith('0X') ? `0x${form.slice(2)}` : form))
        for (const form of told)
          expect(keysOf(byNetwork ? { mac: form } : { hardwareId: form })).toEqual([
            `mac ${plain.toUpperCase()}`,
          ])
      }),
    )
  })

  it('has one GPU UUID with and without its prefix, dashes and braces', () => {
    fc.assert(
      fc.property(hex(32), anyCase, (plain, flags) => {
        fc.pre(!/^(.)\1*$/.test(plain))
        const dashed = plain.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
        for (const form of [`GPU-${dashed}`, dashed, plain, `gpu-${plain}`, `{${dashed}}`, `GPU ${dashed}`])
          expect(keysOf({ kind: 'gpu', hardwareId: capitals(form, flags) })).toEqual([
            `serial gpu GPU-${plain.toUpperCase()}`,
          ])
      }),
    )
  })

  it('has one serial number with any case, spaces and dashes', () => {
    fc.assert(
      fc.property(
        hex(12),
        anyCase,
        fc.nat(10),
        fc.constantFrom(' ', '-', '_', '  '),
        (digits, flags, at, between) => {
          const plain = `SMX${digits}`
          const parted = `${plain.slice(0, at + 1)}${between}${plain.slice(at + 1)}`
          for (const form of [plain, parted, ` ${plain}\n`, `S/N: ${plain}`, `Serial Number: ${plain}`])
            expect(keysOf({ hardwareId: capitals(form, flags) })).toEqual([
              `serial asic ${plain.toUpperCase()}`,
            ])
        },
      ),
    )
  })

  it.each([
    ['0000:C1:00.0', 'c1:00.0'],
    ['0000:c1:00.0', '00000000:C1:00.0'],
  ])('has one PCI address, %s as %s', (a, b) => {
    const gpu = { kind: 'gpu' as const, computer: 'c1' }
    expect(keysOf({ ...gpu, hardwareId: b })).toEqual(keysOf({ ...gpu, hardwareId: a }))
    expect(keysOf({ ...gpu, hardwareId: `0001:${b.replace(/^0+:/, '')}` })).not.toEqual(
      keysOf({ ...gpu, hardwareId: a }),
    )
  })

  it('has one name in any capitals', () => {
    expect(identityKeys('Rack1-S21')).toEqual(identityKeys('rack1-s21'))
    expect(identityKeys('rack1-s21')).not.toEqual(identityKeys('rack1-s22'))
  })

  it('belongs to one agent: a second that writes its address in another form is put aside', () => {
    const register = new OwnershipRegister()
    const device = (deviceId: string, address: string): Device => ({
      deviceId,
      kind: 'asic',
      driver: 'd',
      address,
    })
    register.hear('a', [device('m1', '10.0.3.7')], 0)
    register.hear('b', [device('rig', 'tcp://root@[::ffff:10.0.3.7]:4028')], 1)
    expect(register.claim('b', 'rig')?.rival).toMatchObject({ agentId: 'a', deviceId: 'm1' })
  })
})
