import type { Type } from '@nestjs/common';
import { CONTROLLER_WATERMARK, INJECTABLE_WATERMARK, MODULE_METADATA } from '@nestjs/common/constants.js';

/** What a module of handlers exports, as Nest takes it. */
export interface ExportedHandlers {
  imports: Type[];
  controllers: Type[];
  providers: Type[];
}

/** Of what is exported, Nest modules are imported, controllers served, and other injectable classes provided to them. */
export function exportedHandlers(exports: Record<string, unknown>): ExportedHandlers {
  const classes = Object.values(exports).filter(isClass);
  return {
    imports: classes.filter(isNestModule),
    controllers: classes.filter((each) => Reflect.hasMetadata(CONTROLLER_WATERMARK, each)),
    providers: classes.filter((each) => Reflect.hasMetadata(INJECTABLE_WATERMARK, each)),
  };
}

function isClass(value: unknown): value is Type {
  return typeof value === 'function';
}

function isNestModule(type: Type): boolean {
  return (
    Object.values(MODULE_METADATA).some((key) => Reflect.hasMetadata(key, type)) &&
    !Reflect.hasMetadata(CONTROLLER_WATERMARK, type)
  );
}
