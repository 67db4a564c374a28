/** Position of each rack on the map, in the unit of the area. */
export interface RackLayout {
  /** size of a cell, without its gap */
  cellWidth: number
  cellHeight: number
  /** x, y of each rack's cell, in the order of `sizes` */
  cells: readonly { x: number; y: number }[]
  /** x, y, width of each container's label line, and its height */
  labels: readonly { x: number; y: number; width: number }[]
  labelHeight: number
}

/** Largest ratio of a cell’s sides. */
const MAX_ASPECT = 2.2

/**
 * Fits containers with `sizes` racks each into an area: a grid of equal blocks, each a label line above its racks. It tries every
 * grid and takes the one with the largest cells. The result depends only on the counts and the area, so a rack keeps its place.
 */
export function layoutRacks(
  sizes: readonly number[],
  area: { width: number; height: number; gap: number; blockGap: number; labelHeight: number },
): RackLayout {
  const { gap, blockGap, labelHeight } = area
  const largest = Math.max(1, ...sizes)
  let best = { across: 1, columns: 1, cellWidth: 0, cellHeight: 0, size: Number.NEGATIVE_INFINITY }
  for (let across = 1; across <= Math.max(1, sizes.length); across++) {
    const down = Math.ceil(sizes.length / across)
    const blockWidth = (area.width - (across - 1) * blockGap) / across
    const blockHeight = (area.height - (down - 1) * blockGap) / down - labelHeight
    for (let columns = 1; columns <= largest; columns++) {
      const rows = Math.ceil(largest / columns)
      const width = (blockWidth + gap) / columns - gap
      const height = (blockHeight + gap) / rows - gap
      const cellWidth = Math.min(width, height * MAX_ASPECT)
      const cellHeight = Math.min(height, width * MAX_ASPECT)
      // the shorter side decides whether a count is legible; a ragged last row is worse than slightly smaller cells
      const ragged = 1 - largest / (rows * columns)
      const size = (1 - 3 * ragged) * Math.min(cellWidth, cellHeight) + 0.001 * (cellWidth + cellHeight)
      if (cellWidth > 0 && cellHeight > 0 && size > best.size)
        best = { across, columns, cellWidth, cellHeight, size }
    }
  }
  const { across, columns, cellWidth, cellHeight } = best
  const rows = Math.ceil(largest / columns)
  const down = Math.ceil(sizes.length / across)
  const blockWidth = columns * (cellWidth + gap) - gap
  const blockHeight = labelHeight + rows * (cellHeight + gap) - gap
  // space left by the aspect limit goes between the blocks, so that the map fills its panel
  const spread = (room: number, size: number, n: number) => (n > 1 ? (room - size) / (n - 1) : 0)
  const stepX = across > 1 ? Math.max(blockWidth + blockGap, spread(area.width, blockWidth, across)) : 0
  const stepY = down > 1 ? Math.max(blockHeight + blockGap, spread(area.height, blockHeight, down)) : 0
  const labels = sizes.map((_, i) => ({
    x: (i % across) * stepX,
    y: Math.floor(i / across) * stepY,
    width: blockWidth,
  }))
  const cells = sizes.flatMap((size, i) =>
    Array.from({ length: size }, (_, k) => ({
      x: (labels[i]?.x ?? 0) + (k % columns) * (cellWidth + gap),
      y: (labels[i]?.y ?? 0) + labelHeight + Math.floor(k / columns) * (cellHeight + gap),
    })),
  )
  return { cellWidth, cellHeight, cells, labels, labelHeight }
}
