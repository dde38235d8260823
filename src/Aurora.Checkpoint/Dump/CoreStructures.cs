// The structures of an ELF core file for x86-64 (System V ABI, gABI chapter 4 and 5) and of the notes in it (Linux,
// include/uapi/linux/elfcore.h: struct elf_prstatus and elf_prpsinfo). All little endian, as the host is. Sizes and offsets are tested.
using System.Runtime.InteropServices;

namespace Aurora.Checkpoint;

/// <summary>Numbers of the format.</summary>
internal static class CoreFormat
{
    public const int Magic = 0x464C457F;
    public const byte Class64 = 2;
    public const byte LittleEndian = 1;
    public const byte CurrentVersion = 1;
    public const ushort TypeCore = 4;
    public const ushort MachineX86 = 62;
    public const uint SegmentLoad = 1;
    public const uint SegmentNote = 4;

    // Of segments: the bits are the other way round than those of mmap.
    public const uint Execute = 1;
    public const uint Write = 2;
    public const uint Read = 4;

    public const uint NoteThread = 1;
    public const uint NoteFloatingPoint = 2;
    public const uint NoteProcess = 3;
    public const uint NoteAuxiliary = 6;
    public const uint NoteExtendedState = 0x202;
    public const uint NoteFiles = 0x46494C45;
}

/// <summary>Elf64_Ehdr.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ElfHeader
{
    public int Magic;
    public byte Class, Data, IdentityVersion, OperatingSystem;
    public ulong IdentityPadding;
    public ushort Type, Machine;
    public uint Version;
    public ulong Entry, SegmentsOffset, SectionsOffset;
    public uint Flags;
    public ushort HeaderBytes, SegmentBytes, SegmentCount, SectionBytes, SectionCount, NamesSection;
}

/// <summary>Elf64_Phdr.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ElfSegment
{
    public uint Type, Flags;
    public ulong Offset, Address, PhysicalAddress, FileBytes, MemoryBytes, Alignment;
}

/// <summary>Elf64_Nhdr; the owner's name and then the contents follow, each filled up to 4 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ElfNote
{
    public uint NameBytes, ContentBytes, Type;
}

/// <summary>struct elf_prstatus: a thread.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ThreadStatus
{
    /// <summary>struct user_regs_struct: as <see cref="Base.UserContext"/> begins, and then ds, es, fs and gs.</summary>
    public const int RegisterCount = 27;

    public int SignalNumber, SignalCode, SignalError;
    public short CurrentSignal, Padding0;
    public ulong PendingSignals, BlockedSignals;
    public int Id, Parent, ProcessGroup, Session;
    public TimeValue User, System, ChildUser, ChildSystem;
    public fixed ulong Registers[RegisterCount];
    public int HasFloatingPoint, Padding1;
}

/// <summary>struct timeval.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeValue
{
    private const ulong NanosecondsPerMicrosecond = 1000;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    public ulong Seconds, Microseconds;

    public static TimeValue Of(ulong nanoseconds) => new()
    {
        Seconds = nanoseconds / NanosecondsPerSecond, Microseconds = nanoseconds % NanosecondsPerSecond / NanosecondsPerMicrosecond,
    };
}

/// <summary>struct elf_prpsinfo: the process.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ProcessStatus
{
    public const int NameBytes = 16;
    public const int ArgumentBytes = 80;

    public byte State, StateLetter, IsZombie;
    public sbyte Nice;
    public uint Padding;
    public ulong Flags;
    public uint User, Group;
    public int Id, Parent, ProcessGroup, Session;
    public fixed byte Name[NameBytes];
    public fixed byte Arguments[ArgumentBytes];
}

/// <summary>Before the entries of an NT_FILE note.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FileNoteHeader
{
    public ulong Count, PageBytes;
}

/// <summary>A mapping of a file in an NT_FILE note; the names follow behind all of them, each with a NUL.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FileNoteEntry
{
    public ulong Start, End, FilePage;
}
