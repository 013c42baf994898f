/** A registration comes from no device; the log's field is not optional. RFC 9562 §5.9, the nil UUID. */
export const noDevice = '00000000-0000-0000-0000-000000000000'
