using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Elf;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Executive;

public sealed unsafe partial class LinuxKernel
{
    private ProgramLoader? _programs;

    /// <summary>Loads programs.</summary>
    public ProgramLoader Programs => _programs!;

    /// <summary>What init runs, while it has not started; set at boot.</summary>
    public FirstProgram? FirstProgram { get; set; }

    /// <summary>Registers every call of processes, memory and programs; at boot, once, after the files have been attached.</summary>
    public void AttachPrograms()
    {
        Panic.Unless(_programs is null, "linux: programs attached twice"u8);
        _programs = new ProgramLoader(this);
        SystemCallSetup.Register(Calls);
    }

    /// <summary>Lets init begin with its first program. Its descriptors and file context must be in place.</summary>
    public void StartInit(Thread* init)
    {
        init->Call = default;
        init->Call.Active = true;
        init->Call.Number = ExecCalls.StartFirstProgram;
        Scheduler.MakeRunnable(init);
    }
}
