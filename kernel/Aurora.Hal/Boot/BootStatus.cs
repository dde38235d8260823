using System;

namespace Aurora.Hal;

/// <summary>Why what the boot loader handed over was refused.</summary>
public enum BootStatus : byte
{
    Ok,
    StartInfoOutsideMemory,
    BadMagic,
    UnsupportedVersion,
    MemoryMapOutsideMemory,
    MemoryMapTooLong,
    BadMemoryRange,
    NoMemory,
    ModuleListOutsideMemory,
    ModuleOutsideMemory,
    ModuleTooLarge,
    CommandLineOutsideMemory,
    ConfigurationNotTerminated,
    ConfigurationWithoutKey,
    ConfigurationBadNumber,
    ConfigurationTooManyStrings,
}

/// <summary>Names a <see cref="BootStatus"/> for the log.</summary>
public static class BootStatusName
{
    public static ReadOnlySpan<byte> Of(BootStatus status) => status switch
    {
        BootStatus.Ok => "ok"u8,
        BootStatus.StartInfoOutsideMemory => "the start info is outside memory"u8,
        BootStatus.BadMagic => "the start info has a bad magic number"u8,
        BootStatus.UnsupportedVersion => "the start info has no memory map (version 0)"u8,
        BootStatus.MemoryMapOutsideMemory => "the memory map is outside memory"u8,
        BootStatus.MemoryMapTooLong => "the memory map has more than 64 ranges"u8,
        BootStatus.BadMemoryRange => "a memory range wraps around"u8,
        BootStatus.NoMemory => "the memory map has no usable memory"u8,
        BootStatus.ModuleListOutsideMemory => "the module list is outside memory"u8,
        BootStatus.ModuleOutsideMemory => "the boot configuration is outside memory"u8,
        BootStatus.ModuleTooLarge => "the boot configuration is larger than 1 MiB"u8,
        BootStatus.CommandLineOutsideMemory => "the command line is outside memory or not terminated"u8,
        BootStatus.ConfigurationNotTerminated => "the boot configuration's last string is not terminated"u8,
        BootStatus.ConfigurationWithoutKey => "the boot configuration has a string without key="u8,
        BootStatus.ConfigurationBadNumber => "the boot configuration has a number out of range"u8,
        BootStatus.ConfigurationTooManyStrings => "the boot configuration has more than 4096 strings"u8,
        _ => "unknown"u8,
    };
}
