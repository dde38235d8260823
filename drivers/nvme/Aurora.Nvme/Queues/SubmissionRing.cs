// One submission queue (NVM Express 1.4 §4.1): the host writes entries at the tail and tells the controller by writing the new tail to
// the doorbell. The ring does not know the controller's head: its owner never has more commands outstanding than entries minus one,
// and a command that has completed has been fetched, so the tail can never run into the head.
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>The host's end of a submission queue. Push any number of entries, then Ring once.</summary>
internal sealed unsafe class SubmissionRing
{
    private readonly NvmeRegisters _registers;
    private readonly SubmissionEntry* _entries;
    private readonly int _size;
    private readonly uint _doorbell;
    private int _tail;
    private bool _rung = true;

    public SubmissionRing(NvmeRegisters registers, SubmissionEntry* entries, int size, uint doorbell)
    {
        _registers = registers;
        _entries = entries;
        _size = size;
        _doorbell = doorbell;
    }

    /// <summary>The pages a ring of this many entries takes.</summary>
    public static int PagesFor(int size) => (size * SubmissionEntry.SizeBytes + PageSize.Bytes - 1) / PageSize.Bytes;

    /// <summary>Appends an entry; the controller does not see it before <see cref="Ring"/>.</summary>
    public void Push(in SubmissionEntry entry)
    {
        _entries[_tail] = entry;
        _tail = _tail + 1 == _size ? 0 : _tail + 1;
        _rung = false;
    }

    /// <summary>Starts over with an empty ring; only while the controller is disabled.</summary>
    public void Reset()
    {
        _tail = 0;
        _rung = true;
    }

    /// <summary>Hands everything pushed to the controller with one doorbell write. Returns whether there was anything.</summary>
    public bool Ring()
    {
        if (_rung)
            return false;
        _rung = true;

        // The register write is a release: the entries are in memory before the controller can learn of them.
        _registers.Write32(_doorbell, (uint)_tail);
        return true;
    }
}
