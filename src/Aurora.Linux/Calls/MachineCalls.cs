// The machine as programs see it: names, memory, random numbers, power.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class MachineCalls
{
    private const int FieldBytes = 65;
    private const int FieldCount = 6;
    private const uint QueryPersonality = uint.MaxValue;
    private const int RebootMagic = unchecked((int)0xfee1dead);
    private const uint RebootRestart = 0x01234567;
    private const uint RebootHalt = 0xCDEF0123;
    private const uint RebootPowerOff = 0x4321FEDC;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    public static ReadOnlySpan<byte> SystemName => "Linux"u8;
    public static ReadOnlySpan<byte> Release => "6.1.0-aurora"u8;
    public static ReadOnlySpan<byte> VersionText => "#1 SMP Aurora single level store"u8;
    public static ReadOnlySpan<byte> MachineName => "x86_64"u8;

    /// <summary>struct sysinfo.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SystemInformation
    {
        public long UptimeSeconds;
        public ulong Load1, Load5, Load15;
        public ulong TotalMemory, FreeMemory, SharedMemory, BufferMemory, TotalSwap, FreeSwap;
        public ushort Processes;
        public ushort Padding;
        public uint Padding2;
        public ulong TotalHigh, FreeHigh;
        public uint UnitBytes;
        public uint Padding3;
    }

    public static void Register(SystemCallTable table)
    {
        table.Register(63, &Uname);
        table.Register(99, &Sysinfo);
        table.Register(135, &Personality);
        table.Register(169, &Reboot);
        table.Register(170, &SetHostName);
        table.Register(171, &SetDomainName);
    }

    private static SystemCallResult Uname(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Span<byte> text = stackalloc byte[FieldBytes * FieldCount];
        text.Clear();
        SystemName.CopyTo(text);
        kernel.Settings.HostNameOf(kernel.GroupOf(thread)).CopyTo(text[FieldBytes..]);
        Release.CopyTo(text[(2 * FieldBytes)..]);
        VersionText.CopyTo(text[(3 * FieldBytes)..]);
        MachineName.CopyTo(text[(4 * FieldBytes)..]);
        kernel.Settings.DomainNameOf(kernel.GroupOf(thread)).CopyTo(text[(5 * FieldBytes)..]);
        AccessResult access = kernel.User.Write(thread->Process->AddressSpace, new VirtualAddress(arguments->Arg0), text);
        return access.IsOk ? 0 : kernel.Stop(thread, in access);
    }

    private static SystemCallResult Sysinfo(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        var information = new SystemInformation
        {
            UptimeSeconds = (long)(kernel.Now(thread) / NanosecondsPerSecond),
            TotalMemory = kernel.Memory.Frames.TotalFrames * PageSize.Bytes,
            FreeMemory = kernel.Memory.Frames.FreeFrames * PageSize.Bytes,
            Processes = (ushort)Math.Min(kernel.Processes.Of(thread).ThreadCount, ushort.MaxValue),
            UnitBytes = 1,
        };
        return kernel.Write(thread, arguments->Arg0, in information, out SystemCallResult failure) ? 0 : failure;
    }

    private static SystemCallResult Personality(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        uint old = thread->Process->Personality;
        if (arguments->UInt0 != QueryPersonality)
        {
            thread->Process->Personality = arguments->UInt0;
            kernel.Tracked.MarkChanged(&thread->Process->Header);
        }
        return (long)old;
    }

    private static SystemCallResult SetHostName(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Span<byte> name = stackalloc byte[MachineSettings.MaxNameBytes];
        if (!ReadName(kernel, thread, arguments, ref name, out SystemCallResult failure))
            return failure;
        return kernel.Settings.SetHostName(kernel.GroupOf(thread), name) ? 0 : Errno.ENOMEM;
    }

    private static SystemCallResult SetDomainName(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Span<byte> name = stackalloc byte[MachineSettings.MaxNameBytes];
        if (!ReadName(kernel, thread, arguments, ref name, out SystemCallResult failure))
            return failure;
        return kernel.Settings.SetDomainName(kernel.GroupOf(thread), name) ? 0 : Errno.ENOMEM;
    }

    // Cuts the span to the name.
    private static bool ReadName(
        LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments, ref Span<byte> name, out SystemCallResult failure)
    {
        failure = Errno.EPERM;
        if (!thread->Process->Credentials.Has(Capability.SysAdmin))
            return false;
        failure = Errno.EINVAL;
        if (arguments->Int1 is < 0 or > MachineSettings.MaxNameBytes)
            return false;
        name = name[..arguments->Int1];
        AccessResult access = kernel.User.Read(thread->Process->AddressSpace, new VirtualAddress(arguments->Arg0), name);
        if (!access.IsOk)
            failure = kernel.Stop(thread, in access);
        return access.IsOk;
    }

    private static SystemCallResult Reboot(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!thread->Process->Credentials.Has(Capability.SysBoot))
            return Errno.EPERM;
        bool hasMagic = arguments->Int0 == RebootMagic && arguments->Int1 is 672274793 or 85072278 or 369367448 or 537993216;
        if (!hasMagic)
            return Errno.EINVAL;
        // The machine is the host's: another group ends by itself, as a container does.
        bool ends = arguments->UInt2 is RebootPowerOff or RebootHalt or RebootRestart;
        if (thread->Call.Phase != 0 || (ends && !kernel.Groups.IsHost(kernel.GroupOf(thread))))
            return GroupCalls.KillOwn(kernel, thread);
        switch (arguments->UInt2)
        {
            case RebootPowerOff or RebootHalt:
                kernel.Machine.PowerOff();
                return 0;
            case RebootRestart:
                kernel.Machine.Restart();
                return 0;
            // Whether Ctrl-Alt-Del restarts: there is no such key here, so both answers are the same.
            case 0 or 0x89ABCDEF:
                return 0;
            default:
                return Errno.EINVAL;
        }
    }
}
