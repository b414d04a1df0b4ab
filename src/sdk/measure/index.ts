export { fractionalAreaChange, type AreaChange, type AreaPeak, type Beat } from './area-change.js';
export { measureShape, type Ellipse, type Shape, type ShapeMeasurement } from './shape.js';
export { measureVolume, type VolumeSpacing } from './volume.js';
