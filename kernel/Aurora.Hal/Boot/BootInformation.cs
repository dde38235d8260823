// Everything the boot loader told us, checked and copied out of its structures. The command line and the configuration module stay
// where they are in memory: their ranges must not be given to the frame allocator while they are in use.
using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Aurora.Hal;

/// <summary>The validated contents of the PVH start info.</summary>
public unsafe struct BootInformation
{
    /// <summary>The largest boot configuration accepted, in bytes.</summary>
    public const ulong MaxModuleBytes = 1 << 20;

    /// <summary>The longest command line accepted, in bytes.</summary>
    public const int MaxCommandLineBytes = 4096;

    private const uint MaxModules = 64;

    private MemoryRangeList _ranges;
    private int _rangeCount;
    private byte* _commandLine;
    private int _commandLineLength;
    private byte* _module;
    private int _moduleLength;

    /// <summary>Physical address of the ACPI root pointer, or zero when the loader gave none.</summary>
    public ulong RootPointer { readonly get; private set; }

    /// <summary>Physical range of the configuration module; Length is zero when there is none.</summary>
    public MemoryRange ModuleRange { readonly get; private set; }

    /// <summary>Physical range of the command line; Length is zero when there is none.</summary>
    public MemoryRange CommandLineRange { readonly get; private set; }

    [UnscopedRef]
    public readonly ReadOnlySpan<MemoryRange> MemoryMap => ((ReadOnlySpan<MemoryRange>)_ranges)[.._rangeCount];

    public readonly ReadOnlySpan<byte> CommandLine => new(_commandLine, _commandLineLength);

    /// <summary>Module 0: the boot configuration's bytes (see <see cref="BootConfiguration"/>); empty when there is none.</summary>
    public readonly ReadOnlySpan<byte> ConfigurationBytes => new(_module, _moduleLength);

    /// <summary>One past the highest byte of usable memory.</summary>
    public readonly ulong EndOfRam
    {
        get
        {
            ulong end = 0;
            foreach (ref readonly MemoryRange range in MemoryMap)
            {
                if (range.Kind == MemoryKind.Ram && range.End > end)
                    end = range.End;
            }
            return end;
        }
    }

    /// <summary>Reads and validates the start info at <paramref name="startInfo"/>.</summary>
    public static BootStatus Parse(PhysicalMemory memory, ulong startInfo, out BootInformation information)
    {
        information = default;
        if (!memory.TryView(startInfo, (ulong)sizeof(PvhStartInfo), out ReadOnlySpan<byte> bytes))
            return BootStatus.StartInfoOutsideMemory;
        var info = MemoryMarshal.Read<PvhStartInfo>(bytes);
        if (info.Magic != PvhStartInfo.ExpectedMagic)
            return BootStatus.BadMagic;
        if (info.Version < 1)
            return BootStatus.UnsupportedVersion;
        information.RootPointer = info.RootPointer;
        BootStatus status = information.ReadMemoryMap(memory, in info);
        if (status == BootStatus.Ok)
            status = information.ReadModule(memory, in info);
        if (status == BootStatus.Ok)
            status = information.ReadCommandLine(memory, in info);
        return status;
    }

    private BootStatus ReadMemoryMap(PhysicalMemory memory, in PvhStartInfo info)
    {
        if (info.MemoryMapCount > MemoryRangeList.Capacity)
            return BootStatus.MemoryMapTooLong;
        if (!memory.TryView(info.MemoryMap, info.MemoryMapCount * (ulong)sizeof(PvhMemoryMapEntry), out ReadOnlySpan<byte> bytes))
            return BootStatus.MemoryMapOutsideMemory;
        bool hasRam = false;
        for (int i = 0; i < (int)info.MemoryMapCount; i++)
        {
            var entry = MemoryMarshal.Read<PvhMemoryMapEntry>(bytes[(i * sizeof(PvhMemoryMapEntry))..]);
            if (entry.Address > ulong.MaxValue - entry.Length)
                return BootStatus.BadMemoryRange;
            if (entry.Length == 0)
                continue;
            _ranges[_rangeCount++] = new MemoryRange { Start = entry.Address, Length = entry.Length, Kind = entry.Kind };
            hasRam |= entry.Kind == MemoryKind.Ram;
        }
        return hasRam ? BootStatus.Ok : BootStatus.NoMemory;
    }

    private BootStatus ReadModule(PhysicalMemory memory, in PvhStartInfo info)
    {
        if (info.ModuleCount == 0)
            return BootStatus.Ok;
        if (info.ModuleCount > MaxModules || !memory.TryView(info.ModuleList, (ulong)sizeof(PvhModule), out ReadOnlySpan<byte> bytes))
            return BootStatus.ModuleListOutsideMemory;
        var module = MemoryMarshal.Read<PvhModule>(bytes);
        if (module.Length == 0)
            return BootStatus.Ok;
        if (module.Length > MaxModuleBytes)
            return BootStatus.ModuleTooLarge;
        if (module.Address > ulong.MaxValue - module.Length)
            return BootStatus.ModuleOutsideMemory;
        _module = memory.View(module.Address, module.Length);
        if (_module == null)
            return BootStatus.ModuleOutsideMemory;
        _moduleLength = (int)module.Length;
        ModuleRange = new MemoryRange { Start = module.Address, Length = module.Length, Kind = MemoryKind.Reserved };
        return BootStatus.Ok;
    }

    private BootStatus ReadCommandLine(PhysicalMemory memory, in PvhStartInfo info)
    {
        if (info.CommandLine == 0)
            return BootStatus.Ok;
        for (int length = 0; length < MaxCommandLineBytes; length++)
        {
            // Byte by byte: the terminator may be the last byte that may be read.
            if (info.CommandLine > ulong.MaxValue - (ulong)length
                || !memory.TryView(info.CommandLine + (ulong)length, 1, out ReadOnlySpan<byte> character))
                return BootStatus.CommandLineOutsideMemory;
            if (character[0] != 0)
                continue;
            _commandLine = memory.View(info.CommandLine, (ulong)length + 1);
            if (_commandLine == null)
                return BootStatus.CommandLineOutsideMemory;
            _commandLineLength = length;
            CommandLineRange = new MemoryRange { Start = info.CommandLine, Length = (ulong)length + 1, Kind = MemoryKind.Reserved };
            return BootStatus.Ok;
        }
        return BootStatus.CommandLineOutsideMemory;
    }
}
