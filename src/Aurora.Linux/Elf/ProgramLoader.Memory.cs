// The new program's memory: main image, dynamic linker if it names one, the vDSO, break area, stack with arguments. Addresses are
// randomised as on Linux: the stack by up to 16 GiB, mappings and relocatable programs by pages.
using System;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Elf;

public sealed unsafe partial class ProgramLoader
{
    private const ulong RelocatableBase = 0x5555_5555_4000;
    private const ulong StackRandomPages = 1 << 22;
    private const ulong BaseRandomPages = 1 << 24;
    private const ulong MinimumStackGap = 128UL << 20;
    private const ulong MaximumStackGap = 1UL << 40;
    private const ulong InitialStackSlack = 128 << 10;
    private const ulong MinimumArgumentBytes = 128 << 10;
    private const int SignalFrameBytes = 440 + 256;
    private const int RandomBytes = 16;

    /// <summary>A new program, complete but not yet anybody's.</summary>
    private struct NewProgram
    {
        public AddressSpace* Space;
        public ulong Entry;
        public ProgramStackLayout Stack;
        public ulong StackTop;
        public ObjectId Inode;
        public Credentials Credentials;
        public bool IsSecure;

        /// <summary>It is a set-id program: what of the personality would give its caller a hold on it goes.</summary>
        public bool ClearsPersonality;
        public bool IsReadable;
    }

    private SystemCallResult LoadImage(Thread* thread, in ProgramFile file, in ElfImage image, ReadOnlySpan<byte> fileName)
    {
        ProgramFile linker = default;
        ElfImage linkerImage = default;
        if (image.InterpreterBytes != 0)
        {
            SystemCallResult found = FindLinker(thread, in file, in image, out linker, out linkerImage, out bool isFound);
            if (!isFound)
                return found;
        }
        if (ProgramStack.BytesFor(Arguments, fileName) > Math.Max(MinimumArgumentBytes, thread->Process->Limits.Soft(Resource.Stack) / 4))
            return Errno.E2BIG;
        SpaceLimits limits = default;
        LimitCalls.SpaceLimitsOf(thread->Process, ref limits);
        AddressSpace* space = _kernel.Memory.Spaces.Create(_kernel.GroupOf(thread), in limits);
        var program = new NewProgram { Space = space, Inode = file.Inode };
        if (program.Space == null)
            return Errno.ENOMEM;
        ChooseCredentials(thread->Process, in file, ref program);
        program.IsReadable = file.IsReadable && (image.InterpreterBytes == 0 || linker.IsReadable);
        AccessResult built = Build(ref program, in file, in image, in linker, in linkerImage, fileName);
        Errno error = built.IsOk ? PrepareCommit(thread) : Errno.Ok;
        SystemCallResult left = built.IsOk && error == Errno.Ok ? ExitCalls.LeaveProgram(_kernel, thread) : error;
        if (left.Outcome == SystemCallOutcome.Done && built.IsOk && error == Errno.Ok)
        {
            TellOfOpened();
            Commit(thread, in program, fileName);
            return ExitCalls.CloseFiles(_kernel, thread);
        }
        _kernel.Memory.Spaces.Release(program.Space);
        if (built.IsOk)
            return left;
        return built.Status == MemoryStatus.WouldBlock ? _kernel.Stop(thread, in built) : LinuxKernel.ErrorOf(built.Status);
    }

    private SystemCallResult FindLinker(
        Thread* thread, in ProgramFile file, in ElfImage image, out ProgramFile linker, out ElfImage linkerImage, out bool isFound)
    {
        isFound = false;
        linker = default;
        linkerImage = default;
        var path = new Span<byte>(_interpreter, image.InterpreterBytes);
        PageAccess access = ProgramReader.Read(_kernel.Memory, in file, image.InterpreterOffset, path);
        if (!access.IsOk)
            return Stop(thread, in access);
        int length = path.IndexOf((byte)0);
        if (length <= 0)
            return Errno.ENOEXEC;
        var context = (FileContext*)thread->Process->FileSystem;
        if (!Open(thread, context->CurrentDirectory, path[..length], true, out linker, out SystemCallResult failure))
            return failure.IsError && failure.Value == -(long)Errno.ENOEXEC ? Errno.ELIBBAD : failure;
        access = ProgramReader.ReadImage(_kernel.Memory, in linker, out linkerImage, out isFound);
        if (!access.IsOk)
        {
            isFound = false;
            return Stop(thread, in access);
        }
        return isFound ? default : Errno.ELIBBAD;
    }

    private AccessResult Build(ref NewProgram program, in ProgramFile file, in ElfImage image, in ProgramFile linker,
        in ElfImage linkerImage, ReadOnlySpan<byte> fileName)
    {
        Span<byte> random = stackalloc byte[RandomBytes + 24];
        _kernel.Files.Random.Fill(random);
        ulong stackRandom = BitConverter.ToUInt64(random[RandomBytes..]) % StackRandomPages;
        ulong baseRandom = BitConverter.ToUInt64(random[(RandomBytes + 8)..]) % BaseRandomPages;
        AddressSpace* space = program.Space;
        program.StackTop = AddressSpace.UserEnd - (stackRandom << PageSize.Shift);
        ulong gap = Math.Clamp(space->Limits.StackBytes, MinimumStackGap, MaximumStackGap);
        space->MapTop = new VirtualAddress((program.StackTop - gap - ((baseRandom & 0xFFFF) << PageSize.Shift)) & ~PageSize.OffsetMask);
        AccessResult result = MapStack(ref program, in image, fileName);
        if (!result.IsOk)
            return result;
        MemoryManager memory = _kernel.Memory;
        ulong hint = RelocatableBase + (baseRandom << PageSize.Shift);
        result = ProgramMapper.Map(memory, _kernel.User, space, in file, in image, hint, out ulong bias);
        if (!result.IsOk)
            return result;
        memory.Break.Start(space, new VirtualAddress((image.End + bias + PageSize.OffsetMask) & ~PageSize.OffsetMask));
        program.Entry = image.Entry + bias;
        ulong linkerBias = 0;
        bool hasLinker = image.InterpreterBytes != 0;
        if (hasLinker)
        {
            result = ProgramMapper.Map(memory, _kernel.User, space, in linker, in linkerImage, 0, out linkerBias);
            if (!result.IsOk)
                return result;
            program.Entry = linkerImage.Entry + linkerBias;
        }
        VirtualAddress above = AboveStack(program.StackTop, random[(RandomBytes + 16)..]);
        result.Status = memory.ClockObjects.MapInto(space, above, out VirtualAddress vdso);
        if (!result.IsOk)
            return result;
        var values = new AuxiliaryValues
        {
            Vdso = vdso.Value,
            HeadersAddress = image.HeadersAddress == 0 ? 0 : image.HeadersAddress + bias,
            HeaderCount = image.HeaderCount,
            InterpreterBase = linkerBias,
            Entry = image.Entry + bias,
            HardwareCapabilities = _hardwareCapabilities,
            SignalStackBytes = SignalFrameBytes + _kernel.Extended.ImageBytes,
            IsSecure = program.IsSecure,
        };
        return ProgramStack.Write(_kernel.User, space, program.StackTop, Arguments, fileName, random[..RandomBytes],
            in program.Credentials, in values, out program.Stack);
    }

    // As on Linux the vDSO lies above the stack, in the same page table: a program that looks at it needs none for it.
    private static VirtualAddress AboveStack(ulong top, ReadOnlySpan<byte> random)
    {
        const ulong tableBytes = 2UL << 20;
        ulong end = Math.Min((top & ~(tableBytes - 1)) + tableBytes, AddressSpace.UserEnd);
        ulong places = (end - top) >> PageSize.Shift;
        if (places < ClockObjects.Pages)
            return default;
        return new VirtualAddress(top + (BitConverter.ToUInt64(random) % (places - ClockObjects.Pages + 1) << PageSize.Shift));
    }

    private AccessResult MapStack(ref NewProgram program, in ElfImage image, ReadOnlySpan<byte> fileName)
    {
        ulong bytes = (ProgramStack.BytesFor(Arguments, fileName) + InitialStackSlack + PageSize.OffsetMask) & ~PageSize.OffsetMask;
        var request = new MapRequest
        {
            Address = new VirtualAddress(program.StackTop - bytes),
            Length = bytes,
            Placement = MapPlacement.FixedNoReplace,
            Protection = Protection.Read | Protection.Write | (image.HasExecutableStack ? Protection.Execute : Protection.None),
            Flags = MappingFlags.GrowsDown | MappingFlags.Stack,
        };
        return new AccessResult { Status = _kernel.Memory.Mappings.Map(program.Space, in request, out _) };
    }

    // Set-id programs change who the process is, unless it has renounced that; C libraries then distrust the environment (AT_SECURE).
    private static void ChooseCredentials(Process* process, in ProgramFile file, ref NewProgram program)
    {
        ref Credentials credentials = ref program.Credentials;
        credentials = process->Credentials;
        if (!process->NoNewPrivileges)
        {
            if (file.SetsUid)
                credentials.EffectiveUid = file.Uid;
            if (file.SetsGid)
                credentials.EffectiveGid = file.Gid;
        }
        program.ClearsPersonality = !process->NoNewPrivileges && (file.SetsUid || file.SetsGid);
        // Who has the same directory and umask could change them under the program.
        bool isShared = ((FileContext*)process->FileSystem)->Header.References > 1;
        program.IsSecure = CapabilitySets.Execute(in process->Credentials, ref credentials, process->NoNewPrivileges, isShared);
    }
}
