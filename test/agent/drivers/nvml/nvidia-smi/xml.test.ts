import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { all, parseXml, textAt } from '../../../../../agent/drivers/nvml/nvidia-smi/xml.ts'
import { readLog } from '../../../../../agent/drivers/nvml/nvidia-smi/xml-log.ts'

const fixture = readFileSync('test/fixtures/gpu/nvml-log.xml', 'utf8')

test('entities are characters, comments and empty elements are nothing', () => {
  const root = parseXml('<a><!-- <b>1</b> --><b/><b x="1">x &amp; y &lt;z&gt; &unknown;</b></a>')
  expect(all(root, 'a/b').map((b) => b.text)).toEqual(['', 'x & y <z> &unknown;'])
})

test('the first path that is there counts', () => {
  expect(textAt(parseXml('<a><c>2</c></a>'), 'a/b', 'a/c')).toBe('2')
  expect(textAt(parseXml('<a/>'), 'a/b')).toBeUndefined()
})

test('an end without a beginning is passed over, and an end closes what was left open', () => {
  const root = parseXml('<a></x><b><c>1</b><d>2</d></a>')
  expect([textAt(root, 'a/b/c'), textAt(root, 'a/d')]).toEqual(['1', '2'])
})

test('a log that is cut or damaged anywhere is read as far as it makes sense', () => {
  fc.assert(
    fc.property(fc.nat(fixture.length), fc.nat(400), fc.string({ maxLength: 8 }), (at, length, other) => {
      const { gpus } = readLog(fixture.slice(0, at) + other + fixture.slice(at + length))
      for (const gpu of gpus)
        for (const value of Object.values(gpu)) if (typeof value === 'number') expect(value).not.toBeNaN()
    }),
    { numRuns: 200 },
  )
})

test('the old schema’s ECC totals and the new one’s counts by memory are both sums', () => {
  const log = (errors: string) =>
    readLog(
      `<nvidia_smi_log><gpu><ecc_errors><volatile>${errors}</volatile></ecc_errors></gpu></nvidia_smi_log>`,
    ).gpus[0]
  expect(
    log('<single_bit><total>7</total></single_bit><double_bit><total>1</total></double_bit>'),
  ).toMatchObject({ eccCorrectedErrors: 7, eccUncorrectedErrors: 1 })
  expect(
    log(
      '<sram_correctable>1</sram_correctable><sram_uncorrectable_parity>2</sram_uncorrectable_parity><sram_uncorrectable_secded>3</sram_uncorrectable_secded><dram_correctable>4</dram_correctable><dram_uncorrectable>N/A</dram_uncorrectable>',
    ),
  ).toMatchObject({ eccCorrectedErrors: 5, eccUncorrectedErrors: 5 })
  expect(log('<dram_correctable>N/A</dram_correctable>')?.eccCorrectedErrors).toBeUndefined()
})

/** Logs of divided boards: gpustack/gpustack, detectors/nvidia_smi (an H100's 3g.40gb has 60 SMs, of 132). */
const divided = (model: string, ...sms: number[]) =>
  readLog(
    `<nvidia_smi_log><gpu><product_name>${model}</product_name><mig_mode><current_mig>Enabled</current_mig></mig_mode><mig_devices>${sms
      .map(
        (count, i) =>
          `<mig_device><gpu_instance_id>${i + 1}</gpu_instance_id><device_attributes><shared><multiprocessor_count>${count}</multiprocessor_count></shared></device_attributes></mig_device>`,
      )
      .join('')}</mig_devices></gpu></nvidia_smi_log>`,
  ).gpus[0]

test.each([
  // slices of the instances, and SMs of the board with those that have no instance
  ['NVIDIA H100 80GB HBM3', [60], [3], 140],
  ['NVIDIA H100 80GB HBM3', [26, 32], [1, 2], 135],
  ['NVIDIA H100 80GB HBM3', [60, 64], [3, 4], undefined],
  ['NVIDIA H100 80GB HBM3', [132], [7], undefined],
  ['NVIDIA A100-SXM4-40GB', [42, 14], [3, 1], 98],
  ['NVIDIA A30', [14, 28], [1, 2], 56],
  // a new model, whose slices are not known
  ['NVIDIA X1', [20], [undefined], undefined],
  ['NVIDIA H100 80GB HBM3', [], [], undefined],
] as const)(
  'the instances of an %s with %j SMs have %j slices, and the whole board %s SMs',
  (model, sms, slices, whole) => {
    const gpu = divided(model, ...sms)
    expect(gpu?.instances?.map((one) => one.slices)).toEqual(slices)
    expect(gpu?.smCount).toBe(whole)
  },
)

test('the driver’s version is kmd_version where a log of schema 13 has no other', () => {
  const log = (versions: string) =>
    readLog(`<nvidia_smi_log>${versions}<gpu><uuid>GPU-1</uuid></gpu></nvidia_smi_log>`).gpus[0]?.firmware
  expect(log('<kmd_version>580.65.06</kmd_version>')).toBe('580.65.06')
  expect(log('<driver_version>570.1</driver_version><kmd_version>580.65.06</kmd_version>')).toBe('570.1')
})
