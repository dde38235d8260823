using System.Text;
using Aurora.Images.Root;

namespace Aurora.Images.Oci;

/// <summary>
/// What the layers of an image may take together, however many they are and however often one is named: they can be made to unpack to
/// thousands of times their length.
/// </summary>
internal sealed class LayerBudget(long bytes = LayerBudget.MostBytes)
{
    /// <summary>More than this an image, or an archive of one, may not unpack to.</summary>
    public const long MostBytes = 64L << 30;

    private const int MostEntries = 1 << 20;
    private const long MostTextBytes = 256L << 20;

    private int _entries = MostEntries;
    private long _text = MostTextBytes;

    /// <summary>How many bytes of archives may still be read.</summary>
    public long Bytes { get; private set; } = bytes;

    /// <summary>Takes the bytes of a layer.</summary>
    public void TakeBytes(long count) => Bytes -= count;

    /// <summary>Takes an entry, whose path, target and attributes are kept in memory. Throws when there are too many.</summary>
    public void Take(RootEntry entry, string place)
    {
        if (--_entries < 0)
            throw new ImageException($"{place}: the image has more than {MostEntries} entries");
        _text -= Encoding.UTF8.GetByteCount(entry.Path) + Encoding.UTF8.GetByteCount(entry.Target);
        foreach ((string name, byte[] value) in entry.Attributes)
            _text -= Encoding.UTF8.GetByteCount(name) + value.Length;
        if (_text < 0)
            throw new ImageException($"{place}: the names and attributes of the image have more than {MostTextBytes >> 20} MiB");
    }
}
