// capget and capset. Capabilities belong to the process, as its ids do.
using System.Runtime.InteropServices;
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

public static unsafe class CapabilityCalls
{
    private const uint Version1 = 0x19980330;
    private const uint Version2 = 0x20071026;
    private const uint Version3 = 0x20080522;

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public uint Version;
        public int Pid;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Sets
    {
        public uint Effective, Permitted, Inheritable;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct BothSets
    {
        public Sets Low, High;
    }

    public static void Register(SystemCallTable table)
    {
        table.Register(125, &Get);
        table.Register(126, &Set);
    }

    private static bool ReadHeader(LinuxKernel kernel, Thread* thread, ulong address, out Header header, out SystemCallResult failure)
    {
        if (!kernel.Read(thread, address, out header, out failure))
            return false;
        if (header.Version is Version1 or Version2 or Version3)
            return true;
        header.Version = Version3;
        if (kernel.Write(thread, address, in header.Version, out failure))
            failure = Errno.EINVAL;
        return false;
    }

    private static SystemCallResult Get(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        bool asksVersion = arguments->Arg1 == 0;
        if (!ReadHeader(kernel, thread, arguments->Arg0, out Header header, out SystemCallResult failure))
            return asksVersion && failure.IsError && failure.Value == -(long)Errno.EINVAL ? 0 : failure;
        if (asksVersion)
            return 0;
        if (header.Pid < 0)
            return Errno.EINVAL;
        Process* process = header.Pid == 0 ? thread->Process : kernel.FindProcess(thread, header.Pid);
        if (process == null)
            return Errno.ESRCH;
        ref readonly CapabilitySets its = ref process->Credentials.Capabilities;
        var sets = new BothSets { Low = Part(in its, 0), High = Part(in its, 32) };
        if (header.Version == Version1)
            return kernel.Write(thread, arguments->Arg1, in sets.Low, out failure) ? 0 : failure;
        return kernel.Write(thread, arguments->Arg1, in sets, out failure) ? 0 : failure;
    }

    private static Sets Part(in CapabilitySets sets, int shift)
        => new()
        {
            Effective = (uint)(sets.Effective >> shift),
            Permitted = (uint)(sets.Permitted >> shift),
            Inheritable = (uint)(sets.Inheritable >> shift),
        };

    private static SystemCallResult Set(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        if (!ReadHeader(kernel, thread, arguments->Arg0, out Header header, out SystemCallResult failure))
            return failure;
        if (header.Pid != 0 && header.Pid != thread->Id)
            return Errno.EPERM;
        BothSets wanted = default;
        bool isRead = header.Version == Version1
            ? kernel.Read(thread, arguments->Arg1, out wanted.Low, out failure)
            : kernel.Read(thread, arguments->Arg1, out wanted, out failure);
        if (!isRead)
            return failure;
        ref CapabilitySets own = ref thread->Process->Credentials.Capabilities;
        CapabilitySets sets = own;
        sets.Effective = Join(wanted.Low.Effective, wanted.High.Effective);
        sets.Permitted = Join(wanted.Low.Permitted, wanted.High.Permitted);
        sets.Inheritable = Join(wanted.Low.Inheritable, wanted.High.Inheritable);
        if (!IsAllowed(in own, in sets))
            return Errno.EPERM;
        sets.Ambient &= sets.Permitted & sets.Inheritable;
        own = sets;
        kernel.Tracked.MarkChanged(&thread->Process->Header);
        return 0;
    }

    private static ulong Join(uint low, uint high) => (low | ((ulong)high << 32)) & CapabilitySets.Everything;

    // Nothing is gained; inheritable may get what is in the bounding set, with CAP_SETPCAP even what is not permitted.
    private static bool IsAllowed(in CapabilitySets own, in CapabilitySets wanted)
    {
        bool mayAddInheritable = own.Has(Capability.SetPermitted) || (wanted.Inheritable & ~(own.Inheritable | own.Permitted)) == 0;
        return mayAddInheritable && (wanted.Inheritable & ~(own.Inheritable | own.Bounding)) == 0
            && (wanted.Permitted & ~own.Permitted) == 0 && (wanted.Effective & ~wanted.Permitted) == 0;
    }
}
