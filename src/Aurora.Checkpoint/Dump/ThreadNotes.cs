// The notes of a thread: NT_PRSTATUS, which opens them, NT_FPREGSET, and NT_X86_XSTATE where the machine had XSAVE. A component that
// XSTATE_BV marks as not in use has its initial state, whatever the image holds there (Intel SDM vol. 1, 13.6); debuggers that read only
// the first 512 bytes are shown that. XCR0 goes where Linux puts it, into bytes that the processor leaves to software.
using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Checkpoint;

/// <summary>What the extended registers of a group's threads look like.</summary>
public readonly struct ExtendedLayout(int imageBytes, ulong componentMask)
{
    /// <summary>Of each thread.</summary>
    public int ImageBytes { get; } = imageBytes;

    /// <summary>XCR0: what they hold; zero when they are as FXSAVE writes them.</summary>
    public ulong ComponentMask { get; } = componentMask;
}

/// <summary>Writes what a core file says of threads.</summary>
internal static unsafe class ThreadNotes
{
    private const int LegacyBytes = 512;
    private const int RegisterAreaStart = 32;
    private const int MxcsrOffset = 24;
    private const int X87Bytes = 24;
    private const int X87RegisterBytes = 128;
    private const int XmmOffset = 160;
    private const int XmmBytes = 256;
    private const int Xcr0Offset = 464;
    private const int InUseOffset = 512;
    private const ulong X87Component = 1;
    private const ulong SseComponent = 2;
    private const ushort InitialControlWord = 0x37F;
    private const uint InitialMxcsr = 0x1F80;

    // R15 to GsBase of a UserContext are in the order of struct user_regs_struct.
    private const int SavedRegisters = 23;

    public static void Write(Thread* thread, in ExtendedLayout layout, ref NoteWriter notes)
    {
        ThreadStatus status = Describe(thread);
        notes.Add(CoreFormat.NoteThread, MemoryMarshal.AsBytes(new ReadOnlySpan<ThreadStatus>(in status)));
        WriteExtended(thread, in layout, ref notes);
    }

    private static ThreadStatus Describe(Thread* thread)
    {
        Process* process = thread->Process;
        var status = new ThreadStatus
        {
            PendingSignals = thread->Pending.Set.Bits,
            BlockedSignals = thread->BlockedSignals.Bits,
            Id = thread->Id,
            Parent = process->Parent == null ? 0 : process->Parent->Id,
            ProcessGroup = process->ProcessGroup->Id,
            Session = process->ProcessGroup->Session->Id,
            HasFloatingPoint = 1,
            User = TimeValue.Of(thread->UserNanoseconds),
            System = TimeValue.Of(thread->SystemNanoseconds),
            ChildUser = TimeValue.Of(process->ChildUserNanoseconds),
            ChildSystem = TimeValue.Of(process->ChildSystemNanoseconds),
        };
        new ReadOnlySpan<ulong>(thread->Context, SavedRegisters - 2).CopyTo(new Span<ulong>(status.Registers, ThreadStatus.RegisterCount));
        status.Registers[SavedRegisters - 2] = thread->Context->FsBase;
        status.Registers[SavedRegisters - 1] = thread->Context->GsBase;
        return status;
    }

    private static void WriteExtended(Thread* thread, in ExtendedLayout layout, ref NoteWriter notes)
    {
        var saved = new ReadOnlySpan<byte>(thread->Context->ExtendedState, layout.ImageBytes);
        Span<byte> image = stackalloc byte[UserContext.ExtendedStateBytes];
        saved.CopyTo(image);
        image = image[..saved.Length];
        bool hasImages = layout.ComponentMask != 0;
        if (hasImages)
            Initialize(image);
        notes.Add(CoreFormat.NoteFloatingPoint, image[..LegacyBytes]);
        if (!hasImages)
            return;
        BinaryPrimitives.WriteUInt64LittleEndian(image[Xcr0Offset..], layout.ComponentMask);
        notes.AddLinux(CoreFormat.NoteExtendedState, image);
    }

    private static void Initialize(Span<byte> image)
    {
        ulong inUse = BinaryPrimitives.ReadUInt64LittleEndian(image[InUseOffset..]);
        if ((inUse & X87Component) == 0)
        {
            image[..X87Bytes].Clear();
            image.Slice(RegisterAreaStart, X87RegisterBytes).Clear();
            BinaryPrimitives.WriteUInt16LittleEndian(image, InitialControlWord);
        }
        if ((inUse & SseComponent) == 0)
            image.Slice(XmmOffset, XmmBytes).Clear();
        // MXCSR belongs to SSE and AVX.
        if ((inUse & ~X87Component) == 0)
            BinaryPrimitives.WriteUInt32LittleEndian(image[MxcsrOffset..], InitialMxcsr);
    }
}
