/** A registration comes from no device, nor does what a command on the machine asks; the log's field is not optional. RFC 9562 §5.9, the nil UUID. */
export const noDevice = '00000000-0000-0000-0000-000000000000'
