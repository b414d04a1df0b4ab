/** A NIfTI-1 file of given header fields, made byte by byte for tests. */
export interface NiftiFields {
  dims: number[];
  dataType?: number;
  pixDims?: number[];
  units?: number;
  slope?: number;
  intercept?: number;
  qform?: { code: number; values: number[] };
  sform?: { code: number; values: number[] };
  littleEndian?: boolean;
  magic?: string;
  voxOffset?: number;
}

export function niftiFile(fields: NiftiFields, data: Uint8Array): Buffer {
  const { dims, dataType = 2, pixDims = [1, 1, 1, 1], littleEndian: little = true } = fields;
  const offset = fields.voxOffset ?? 352;
  const bytes = new Uint8Array(352);
  const view = new DataView(bytes.buffer);
  const i16 = (at: number, values: number[]) =>
    values.forEach((value, i) => view.setInt16(at + 2 * i, value, little));
  const f32 = (at: number, values: number[]) =>
    values.forEach((value, i) => view.setFloat32(at + 4 * i, value, little));
  view.setInt32(0, 348, little);
  i16(40, [dims.length, ...dims]);
  i16(70, [dataType]);
  f32(76, pixDims);
  f32(108, [offset, fields.slope ?? 0, fields.intercept ?? 0]);
  bytes[123] = fields.units ?? 2;
  i16(252, [fields.qform?.code ?? 0, fields.sform?.code ?? 0]);
  f32(256, fields.qform?.values ?? []);
  f32(280, fields.sform?.values ?? []);
  bytes.set(Buffer.from(fields.magic ?? 'n+1\0', 'latin1'), 344);
  const gap = Buffer.alloc(Math.max(0, offset - 352));
  return Buffer.concat([bytes, gap, data]);
}
