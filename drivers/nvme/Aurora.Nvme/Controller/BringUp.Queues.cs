// The bring-up states that create the I/O queues, and the flush after the write cache was switched off. All completion queues are
// created before the first submission queue, because a submission queue names the completion queue it reports to.
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Nvme;

internal sealed unsafe partial class BringUp
{
    private int _pairCount;
    private int _created;

    // The flush of BeginDrain. It has memory of its own: a reset that begins anew reads identify data while the queue pair may still hold it.
    private BlockRequest* _drain;

    public QueuePair[] Pairs { get; private set; } = [];

    public NvmeStatistics Statistics { get; } = new();

    public FlushGuard Flushes { get; } = new();

    /// <summary>Returns all memory; only once the controller cannot reach it any more.</summary>
    public void Release()
    {
        if (_scratch != null)
            _host.Pages.Free(_scratch, 1);
        _scratch = null;
        if (_drain != null)
            _host.Pages.Free(_drain, 1);
        _drain = null;
        Admin?.Release();
        Admin = null;
        foreach (QueuePair? pair in Pairs)
            pair?.Memory.Release();
        Pairs = [];
    }

    private void AwaitQueueCount()
    {
        if (!TryFinishRequired(out CompletionEntry completion))
            return;
        int submissions = (int)(completion.Result & 0xFFFF) + 1;
        int completions = (int)(completion.Result >> 16) + 1;
        if (_isReset)
        {
            if (Smaller(submissions, completions) < Pairs.Length)
                Fail(NvmeFault.IdentityChanged);
            else
                BeginWriteCache();
            return;
        }
        int wanted = _options.QueuePairs < 1 ? 1 : _options.QueuePairs;
        _pairCount = Smaller(wanted, Smaller(submissions, completions));
        var doorbells = new DoorbellLayout(Capabilities);
        while (_pairCount > 1 && doorbells.EndBytes(_pairCount) > _registers.LengthBytes)
            _pairCount--;
        if (AllocatePairs(doorbells))
            BeginWriteCache();
        else
            Fail(NvmeFault.OutOfMemory);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool AllocatePairs(DoorbellLayout doorbells)
    {
        int entries = Smaller(Smaller(_options.QueueEntries, NvmeOptions.MaximumQueueEntries), Capabilities.MaximumQueueEntries);
        if (entries < 2)
            entries = 2;
        var environment = new QueueEnvironment
        {
            Host = _host,
            Registers = _registers,
            Doorbells = doorbells,
            Namespace = Namespace!,
            Statistics = Statistics,
            Flushes = Flushes,
            CommandTimeoutNanoseconds = _options.CommandTimeoutNanoseconds,
        };
        Pairs = new QueuePair[_pairCount];
        for (int i = 0; i < _pairCount; i++)
        {
            QueueMemory? memory = QueueMemory.Allocate(_host.Pages, entries, Namespace!.MaximumTransferBlocks);
            if (memory == null)
                return false;
            Pairs[i] = new QueuePair(environment, i + 1, memory);
        }
        return true;
    }

    private void BeginCompletionQueues()
    {
        _created = 0;
        BeginCompletionQueue();
    }

    private void BeginCompletionQueue()
    {
        QueuePair pair = Pairs[_created];
        if (!_isReset)
            pair.Vector = _host.ConnectInterrupt(_controller, _created);
        IsPolled |= pair.Vector < 0;
        ulong physical = _host.PhysicalOf(pair.Memory.Completions);
        BeginCommand(
            NvmeState.CreateCompletionQueues,
            AdminCommands.CreateCompletionQueue(pair.Queue, pair.Memory.Entries, physical, pair.Vector));
    }

    /// <summary>True when at least one queue pair has no interrupt.</summary>
    public bool IsPolled { get; private set; }

    private void AwaitCompletionQueue()
    {
        if (!TryFinishRequired(out _))
            return;
        _created++;
        if (_created < Pairs.Length)
        {
            BeginCompletionQueue();
            return;
        }
        _created = 0;
        BeginSubmissionQueue();
    }

    private void BeginSubmissionQueue()
    {
        QueuePair pair = Pairs[_created];
        ulong physical = _host.PhysicalOf(pair.Memory.Submissions);
        BeginCommand(
            NvmeState.CreateSubmissionQueues,
            AdminCommands.CreateSubmissionQueue(pair.Queue, pair.Memory.Entries, physical));
    }

    private void AwaitSubmissionQueue()
    {
        if (!TryFinishRequired(out _))
            return;
        _created++;
        if (_created < Pairs.Length)
            BeginSubmissionQueue();
        else if (_cacheMayHoldData)
            BeginDrain();
        else
            BeginEvents();
    }

    private void BeginDrain()
    {
        Enter(NvmeState.DrainWriteCache, _options.CommandTimeoutNanoseconds);
        *_drain = new BlockRequest { Operation = BlockOperation.Flush };
        Pairs[0].IssueDrain(_drain);
    }

    private void AwaitDrain()
    {
        Pairs[0].ProcessCompletions();
        if (!BlockDevice.IsComplete(_drain))
        {
            CheckAlive();
            return;
        }
        if (_drain->Status != BlockStatus.Ok)
        {
            FailedStatus = new NvmeStatus(_drain->DeviceStatus);
            Fail(NvmeFault.FlushFailed);
            return;
        }
        _cacheMayHoldData = false;
        BeginEvents();
    }

    private void BeginEvents()
    {
        const uint CriticalWarnings = 0x1F, NamespaceAttributes = 1 << 8;
        uint wanted = CriticalWarnings | (_optionalEvents & NamespaceAttributes);
        BeginCommand(NvmeState.ConfigureEvents, AdminCommands.SetFeature(FeatureId.AsynchronousEvents, wanted));
    }

    /// <summary>A controller that cannot be told which events to report is asked for events all the same.</summary>
    private void AwaitConfigureEvents()
    {
        if (!TryFinishCommand(out CompletionEntry completion))
            return;
        if (!completion.Status.IsSuccess)
            NvmeLog.Warning("cannot choose the events to be reported"u8, completion.Status);
        Admin!.ArmEvents(EventRequests);
        _hadVolatileWriteCache = HasVolatileWriteCache;
        Enter(NvmeState.Ready, 0);
    }

    private static int Smaller(int left, int right) => left < right ? left : right;
}
