// What is done before a group goes on that was restored: in both worlds, since a comparison must come before it. A program that begins
// again takes object numbers for each attempt to load it: what that reads is read first, so that there is one attempt on both sides.
using Aurora.Base;
using Aurora.Linux.Tests;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

internal sealed unsafe partial class World
{
    /// <summary>Ends what is detached, tells who shows a region that is not what it was, and lets init begin again if it must.</summary>
    public void EndDetached()
    {
        Trace?.AppendLine("  what is detached ends; who shows a region that is not what it was is told, ends or begins again");
        ReadProgram();
        for (int id = 1; !Kernel.Life.EndDetached(Kernel.Tracker, ref id);)
        {
        }
    }

    /// <summary>Init's memory is what a program has that has not begun again, or has just begun: that gets its scratch memory.</summary>
    public void EquipInit()
    {
        Settle();
        Process* init = Kernel.Pids.Init;
        Thread* thread = init == null || init->IsEnding || init->AddressSpace == null ? null : init->FirstThread;
        bool isAnew = thread != null && !thread->Call.Active && thread->State == ThreadState.Runnable
            && MappingTable.Find(init->AddressSpace, new VirtualAddress(TestKernel.Scratch)) == null;
        if (!isAnew)
            return;
        Restarts++;
        MapScratch(thread);
    }

    /// <summary>How often an init has begun again.</summary>
    public int Restarts { get; private set; }

    private void ReadProgram()
    {
        Process* init = Kernel.Pids.Init;
        Inode* program = init == null || init->IsEnding ? null : Kernel.Files.Proc.ExecutableOf(init);
        if (program == null || program->Data == null)
            return;
        for (ulong page = 0; page << PageSize.Shift < program->Size; page++)
        {
            while (Kernel.Memory.Pages.GetForRead(program->Data, page).Status == MemoryStatus.WouldBlock)
                Kernel.ServePager();
        }
        Get<ulong>(init->FirstThread, Futexes);
        Get<byte>(init->FirstThread, init->ArgumentsStart);
        Get<byte>(init->FirstThread, init->EnvironmentEnd);
    }
}
