using Aurora.Base;

namespace Aurora.Kernel;

/// <summary>A fixed number of measured times, and their median and 99th percentile.</summary>
internal sealed unsafe class LatencySamples
{
    private const int Pages = 16;
    public const int Capacity = Pages * PageSize.Bytes / sizeof(ulong);

    private readonly ulong* _samples;
    private int _count;

    public LatencySamples(PageAllocator pages)
    {
        _samples = (ulong*)pages.Allocate(Pages);
        Panic.Unless(_samples != null, "benchmark: no memory for samples"u8);
    }

    public void Clear() => _count = 0;

    public void Add(ulong nanoseconds)
    {
        if (_count < Capacity)
            _samples[_count++] = nanoseconds;
    }

    /// <summary>Puts the samples in order; percentiles are valid afterwards.</summary>
    public void Sort()
    {
        // Shell's sort: short, in place, and quick enough for some thousand values.
        for (int gap = _count / 2; gap > 0; gap /= 2)
        {
            for (int i = gap; i < _count; i++)
            {
                ulong value = _samples[i];
                int at = i;
                for (; at >= gap && _samples[at - gap] > value; at -= gap)
                    _samples[at] = _samples[at - gap];
                _samples[at] = value;
            }
        }
    }

    public ulong Percentile(int percent) => _count == 0 ? 0 : _samples[(_count - 1) * percent / 100];
}
