// Takes names and inodes out of memory when it is short: the body of one fiber. Short is what kernel objects may take, or the number of
// names or inodes there may be; then it goes before anybody is refused. When somebody has been refused his share, or waits for room, what
// is clean goes as well; when nothing is clean, a checkpoint makes it so. A wait ends after one attempt, with or without success.
//
// What is in use needs two rounds of the hand to show that it is not, and a tree as many more as it is deep. Ahead of need there is one
// round for a checkpoint at most: who has waited for something to be read uses it before the hand comes again. An attempt makes all its
// rounds at once; one that gains little might only drop what the same call has had read, so it asks for a checkpoint too.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;

namespace Aurora.Checkpoint;

/// <summary>The dropping of names, joined to the checkpoints that make them clean.</summary>
public sealed unsafe class NameReclaimer
{
    // The first makes idle what is not used, the second drops files, and the third the names that led to them.
    private const int Rounds = 3;

    // Checkpoints that may become durable without any gain before an attempt has failed.
    private const int MaxFruitlessCheckpoints = 3;

    // Enough for an attempt, and so little that it is not: whoever waits for room takes little, with what is read for it.
    private const ulong PerAttempt = 2048;
    private const ulong WorthAnAttempt = 256;

    // After rounds for nothing, so many checkpoints pass before the next without anybody's asking.
    private const ulong PauseCheckpoints = 16;

    // Of the memory: what is left of the kernel's half is short, and is enough again.
    private const ulong LowShare = 10;
    private const ulong EnoughShare = 8;
    private const ulong PlentyShare = 4;

    // The same of the number there may be: a sixteenth, an eighth.
    private const int LowStockShift = 4;
    private const int EnoughStockShift = 3;

    private readonly PageAllocator _pages;
    private readonly FileServices _files;
    private readonly MemoryManager _memory;
    private readonly CheckpointEngine _engine;
    private readonly StoreFileRecords _records;
    private readonly FiberScheduler _fibers;
    private readonly ulong _lowBytes;
    private readonly ulong _enoughBytes;
    private ulong _refusals;

    // Rounds that a refusal has asked for, rounds for nothing in a row, and the checkpoint before which there is no other.
    private int _owedRounds;
    private int _fruitlessRounds;
    private ulong _nextRound;

    public NameReclaimer(
        PageAllocator pages, FileServices files, MemoryManager memory, CheckpointEngine engine, StoreFileRecords records,
        FiberScheduler fibers)
    {
        _pages = pages;
        _files = files;
        _memory = memory;
        _engine = engine;
        _records = records;
        _fibers = fibers;
        ulong bytes = (ulong)memory.Frames.TotalFrames * PageSize.Bytes;
        _lowBytes = bytes / LowShare;
        _enoughBytes = bytes / EnoughShare;
    }

    /// <summary>The body of the fiber; never returns.</summary>
    public void Run()
    {
        _files.Room.Begin();
        for (;;)
        {
            Balance();
            _fibers.Block(_records.RoomWork);
        }
    }

    /// <summary>Wakes the fiber if it has something to do. Cheap; called by the main loop.</summary>
    public void Poll()
    {
        if (_files.Room.HasWaiters || MustMakeRoom)
            _fibers.WakeOne(_records.RoomWork);
    }

    /// <summary>Does what can be done now.</summary>
    public void Balance()
    {
        if (_files.Room.HasWaiters)
            _files.Room.EndAttempt(isExhausted: !Attempt());
        else if (MustMakeRoom)
            MakeRoomAhead();
    }

    /// <summary>
    /// Drops what is clean until kernel objects may take so many bytes more; what is not is made clean by checkpoints. False when that
    /// does not do. Blocks, in another fiber than the one that runs this.
    /// </summary>
    public bool MakeRoom(ulong bytes)
    {
        for (int checkpoints = 0; !MakeRoomOfClean(bytes); checkpoints++)
        {
            if (checkpoints == MaxFruitlessCheckpoints || !AwaitCheckpoint())
                return false;
        }
        return true;
    }

    /// <summary>
    /// True when kernel objects may take so many bytes and half of all that they may: a quarter of the memory. Nothing is dropped.
    /// </summary>
    public bool HasPlenty(ulong bytes) => _pages.BytesLeft >= bytes + (_memory.Frames.TotalFrames * PageSize.Bytes / PlentyShare);

    private bool MakeRoomOfClean(ulong bytes)
    {
        for (int round = 0; round < Rounds && _pages.BytesLeft < bytes; round++)
        {
            while (_pages.BytesLeft < bytes && !_files.Reclaim.Step())
                _fibers.GiveWay();
        }
        return _pages.BytesLeft >= bytes;
    }

    /// <summary>Drops everything that is clean and not in use, for those who need frames; true when something went. Blocks.</summary>
    public bool DropAll() => Sweep(ulong.MaxValue) != 0;

    private bool MustMakeRoom
        => _engine.Statistics.Checkpoints >= _nextRound
            && (_owedRounds > 0 || _refusals != _pages.Accounts.Refusals || IsShort(_lowBytes, LowStockShift));

    private bool IsToGoOn => !_files.Room.HasWaiters && (_owedRounds > 0 || IsShort(_enoughBytes, EnoughStockShift));

    private bool IsShort(ulong bytes, int stockShift)
        => _pages.BytesLeft < bytes || IsShort(ChargeKind.Inode, stockShift) || IsShort(ChargeKind.ShortName, stockShift)
            || IsShort(ChargeKind.LongName, stockShift) || IsShort(ChargeKind.MemoryObject, stockShift);

    private bool IsShort(ChargeKind kind, int shift)
    {
        ObjectStock? stock = _pages.Accounts.StockOf(kind);
        return stock is not null && stock.Limit - stock.Count < stock.Limit >> shift;
    }

    private void MakeRoomAhead()
    {
        ulong before = _files.Reclaim.Dropped;
        if (_refusals != _pages.Accounts.Refusals)
            _owedRounds = Rounds;
        _refusals = _pages.Accounts.Refusals;
        while (IsToGoOn && !_files.Reclaim.Step())
            _fibers.GiveWay();
        _owedRounds = _owedRounds > 0 ? _owedRounds - 1 : 0;
        _fruitlessRounds = _files.Reclaim.Dropped == before ? _fruitlessRounds + 1 : 0;
        _nextRound = _engine.Statistics.Checkpoints + (_fruitlessRounds < Rounds ? 1 : PauseCheckpoints);
    }

    // True when something has gone.
    private bool Attempt()
    {
        ulong dropped = Sweep(PerAttempt);
        for (int checkpoints = 0; dropped < WorthAnAttempt && checkpoints < MaxFruitlessCheckpoints && AwaitCheckpoint(); checkpoints++)
            dropped += Sweep(PerAttempt);
        return dropped != 0;
    }

    // How many went, of as many as are wanted.
    private ulong Sweep(ulong wanted)
    {
        ulong before = _files.Reclaim.Dropped;
        for (int round = 0; round < Rounds && _files.Reclaim.Dropped - before < wanted; round++)
        {
            while (_files.Reclaim.Dropped - before < wanted && !_files.Reclaim.Step())
                _fibers.GiveWay();
        }
        return _files.Reclaim.Dropped - before;
    }

    // False when none will make anything clean.
    private bool AwaitCheckpoint()
    {
        if (!_engine.Life.RequestDirty(objects: true))
            return false;
        while (!_engine.Life.AreAllDone)
            _engine.Life.Wait();
        return true;
    }
}
