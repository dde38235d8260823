// Compares two kernels object by object and field by field, independently of the codecs, and then what programs can read of their memory.
using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Linux.Tests;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.States.Tests;

/// <summary>Finds the first difference between two worlds.</summary>
internal static unsafe class StateComparison
{
    private const int Registers = 21;

    // The words of a context, in their order.
    private enum Register
    {
        R15, R14, R13, R12, Rbp, Rbx, R11, R10, R9, R8, Rax, Rcx, Rdx, Rsi, Rdi, OriginalRax, Rip, Cs, Rflags, Rsp, Ss,
    }

    /// <summary>Null when nothing differs.</summary>
    public static string? Difference(World left, World right)
    {
        TestKernel first = left.Kernel;
        TestKernel second = right.Kernel;
        ulong bound = Math.Max(first.Tracker.NextId.Value, second.Tracker.NextId.Value);
        for (ulong id = 1; id < bound; id++)
        {
            if (DifferenceOf(first, second, new ObjectId(id)) is { } difference)
                return difference;
        }
        ulong directories = first.Names->Tree->NextDirectory;
        for (ulong number = 1; number < directories; number++)
        {
            if (DifferenceOfFile(first, second, number) is { } difference)
                return difference;
        }
        for (ulong number = FileIds.FirstFileNumber; number < FileIds.FirstFileNumber + bound; number++)
        {
            if (DifferenceOfFile(first, second, number) is { } difference)
                return difference;
        }
        return first.Tracker.NextId != second.Tracker.NextId ? "the next object gets another id"
            : first.Pids.Ids.Last != second.Pids.Ids.Last ? "the next process gets another id"
            : first.Pids.Ids.Count != second.Pids.Ids.Count ? "another number of ids is taken" : null;
    }

    private static string? DifferenceOfFile(TestKernel first, TestKernel second, ulong number)
    {
        for (FilePart part = FilePart.Inode; part <= FilePart.TargetTail; part++)
        {
            if (DifferenceOf(first, second, FileIds.OfFile(number, part)) is { } difference)
                return difference;
        }
        var directory = (Inode*)first.Tracker.Find(FileIds.OfFile(number, FilePart.Inode));
        if (directory == null || !directory->IsDirectory)
            return null;
        var tree = new TreeBuilder(first.Files, first.Names);
        for (ulong position = 0; tree.Next(directory, position, out DirectoryEntry* entry) == Errno.Ok && entry != null;
            position = entry->Position)
        {
            if (DifferenceOf(first, second, entry->Header.Id) is { } difference)
                return difference;
        }
        return null;
    }

    private static string? DifferenceOf(TestKernel first, TestKernel second, ObjectId id)
    {
        ObjectHeader* one = first.Tracker.Find(id);
        ObjectHeader* other = second.Tracker.Find(id);
        if (one == null && other == null)
            return null;
        if (one == null || other == null)
            return $"{(one != null ? one : other)->Kind} {id.Value} exists in {(one != null ? "the original" : "the restored")} only";
        if (one->Kind != other->Kind)
            return $"{one->Kind} {id.Value} is a {other->Kind}";
        return DifferenceOf(one, other) is { } difference ? $"{one->Kind} {id.Value}: {difference}" : null;
    }

    /// <summary>What programs read in their memory, all of it. It is read in on both sides, so it is not for every state.</summary>
    public static string? MemoryDifference(World left, World right)
    {
        var seen = new HashSet<ulong>();
        PidNamespace processes = left.Kernel.Pids;
        for (Process* process = processes.NextProcess(1); process != null; process = processes.NextProcess(process->Id + 1))
        {
            if (process->AddressSpace == null || !seen.Add(process->AddressSpace->Header.Id.Value))
                continue;
            Process* other = right.Kernel.Pids.FindProcess(process->Id);
            for (int i = 0; MappingTable.At(process->AddressSpace, i) is var map && map != null; i++)
            {
                for (ulong page = map->Start.Value; page < map->End.Value; page += PageSize.Bytes)
                    if (PageDiffers(left, process->AddressSpace, right, other->AddressSpace, page))
                        return $"process {process->Id}: the page at 0x{page:x} ({map->Flags}, "
                            + $"object {map->Object->Header.Id.Value}) has other contents";
            }
        }
        return null;
    }

    private static bool PageDiffers(World left, AddressSpace* one, World right, AddressSpace* other, ulong page)
    {
        Span<byte> mine = stackalloc byte[PageSize.Bytes];
        Span<byte> theirs = stackalloc byte[PageSize.Bytes];
        MemoryStatus first = Read(left, one, page, mine);
        MemoryStatus second = Read(right, other, page, theirs);
        return first != second || (first == MemoryStatus.Ok && !mine.SequenceEqual(theirs));
    }

    private static MemoryStatus Read(World world, AddressSpace* space, ulong page, Span<byte> bytes)
    {
        AccessResult access;
        while ((access = world.Kernel.User.Read(space, new VirtualAddress(page), bytes)).Status == MemoryStatus.WouldBlock)
            world.Kernel.ServePager();
        return access.Status;
    }

    private static string? DifferenceOf(ObjectHeader* one, ObjectHeader* other)
    {
        ObjectFields fields = ObjectFields.Of(one->Kind);
        bool isSame = true;
        foreach ((int offset, int length) in fields.Stretches)
            isSame &= new ReadOnlySpan<byte>((byte*)one + offset, length).SequenceEqual(new ReadOnlySpan<byte>((byte*)other + offset,
                length));
        foreach (ObjectField field in fields.Fields)
        {
            if ((field.Kind != FieldKind.Plain || !isSame) && !IsSame((byte*)one + field.Offset, (byte*)other + field.Offset, field))
                return $"{field.Name} was {Show((byte*)one + field.Offset, field)} and is {Show((byte*)other + field.Offset, field)}";
        }
        return one->Kind switch
        {
            ObjectKind.Thread => DifferenceOf((Thread*)one, (Thread*)other),
            ObjectKind.Process => DifferenceOf(&((Process*)one)->Pending, &((Process*)other)->Pending),
            ObjectKind.DirectoryEntry or ObjectKind.FormerName
                => DirectoryEntry.NameOf((DirectoryEntry*)one).SequenceEqual(DirectoryEntry.NameOf((DirectoryEntry*)other))
                ? null : "another name",
            ObjectKind.Inode => DifferenceOf((Inode*)one, (Inode*)other),
            ObjectKind.SignalBacklog => DifferenceOf((SignalBacklog*)one, (SignalBacklog*)other),
            ObjectKind.ExtendedAttributes
                => ExtendedAttributes.BytesOf((ExtendedAttributes*)one)
                    .SequenceEqual(ExtendedAttributes.BytesOf((ExtendedAttributes*)other))
                ? null : "another name or value",
            _ => null,
        };
    }

    private static string? DifferenceOf(Thread* one, Thread* other)
    {
        UserContext* mine = one->Context;
        UserContext* theirs = other->Context;
        for (int i = 0; i < Registers; i++)
            if (((ulong*)mine)[i] != ((ulong*)theirs)[i])
                return $"register {(Register)i} was 0x{((ulong*)mine)[i]:x} and is 0x{((ulong*)theirs)[i]:x}";
        bool sameRegisters = mine->FsBase == theirs->FsBase && mine->GsBase == theirs->GsBase && mine->Mxcsr == theirs->Mxcsr
            && new ReadOnlySpan<byte>(mine->Xmm, 256).SequenceEqual(new ReadOnlySpan<byte>(theirs->Xmm, 256));
        if (!sameRegisters)
            return "other registers";
        if (one->Call.Active != other->Call.Active)
            return one->Call.Active ? $"was in call {one->Call.Number} and is not" : $"is in call {other->Call.Number}";
        if (one->Call.Active && !one->Call.Equals(other->Call))
            return $"is elsewhere in call {one->Call.Number}: {Show(one->Call)} became {Show(other->Call)}";
        bool sameFiles = !one->Files.IsHeld || (one->Files.Count == other->Files.Count && IdOf(one->Files.First) == IdOf(other->Files.First)
            && IdOf(one->Files.Second) == IdOf(other->Files.Second) && IdOf(one->Files.More) == IdOf(other->Files.More));
        if (!sameFiles)
            return "its call holds other files";
        return DifferenceOf(&one->Pending, &other->Pending);
    }

    private static string Show(in CallContinuation call)
        => $"phase {call.Phase}, progress {call.Progress}, deadline {call.DeadlineNanoseconds}, {call.Extra0}, {call.Extra1}";

    private static string? DifferenceOf(PendingSignals* one, PendingSignals* other)
    {
        QueuedSignal* mine = one->First;
        QueuedSignal* theirs = other->First;
        for (; mine != null && theirs != null; mine = mine->Next, theirs = theirs->Next)
            if (!mine->Info.Equals(theirs->Info))
                return $"queued signal {mine->Info.Number} differs";
        return mine == null && theirs == null ? null : "another number of queued signals";
    }

    private static string? DifferenceOf(SignalBacklog* one, SignalBacklog* other)
        => new ReadOnlySpan<byte>(one->Storage, one->Count * SignalInfo.Bytes).SequenceEqual(
            new ReadOnlySpan<byte>(other->Storage, other->Count * SignalInfo.Bytes)) ? null : "other signals";

    private static string? DifferenceOf(Inode* one, Inode* other)
        => (one->IsSymbolicLink || one->IsMemoryFile) && !one->IsProc
            && !Inodes.TargetOf(one).SequenceEqual(Inodes.TargetOf(other))
            ? "another target" : null;

    private static bool IsSame(byte* one, byte* other, ObjectField field) => field.Kind switch
    {
        FieldKind.Reference => IdAt(one) == IdAt(other),
        FieldKind.Deadline => DeadlineAt(one) == DeadlineAt(other),
        _ => new ReadOnlySpan<byte>(one, field.Length).SequenceEqual(new ReadOnlySpan<byte>(other, field.Length)),
    };

    private static string Show(byte* value, ObjectField field) => field.Kind switch
    {
        FieldKind.Reference => $"object {IdAt(value)}",
        FieldKind.Deadline => $"deadline {DeadlineAt(value)}",
        _ => field.Length <= 8 ? $"{ValueAt(value, field.Length)}" : Convert.ToHexString(new ReadOnlySpan<byte>(value,
            Math.Min(field.Length, 64))),
    };

    private static ulong ValueAt(byte* value, int length)
    {
        ulong result = 0;
        for (int i = length - 1; i >= 0; i--)
            result = (result << 8) | value[i];
        return result;
    }

    private static ulong IdAt(byte* field) => IdOf(*(ObjectHeader**)field);

    private static ulong IdOf(void* header) => header == null ? 0 : ((ObjectHeader*)header)->Id.Value;

    private static ulong DeadlineAt(byte* field) => ((DeadlineNode*)field)->IsArmed ? ((DeadlineNode*)field)->Nanoseconds : 0;
}
