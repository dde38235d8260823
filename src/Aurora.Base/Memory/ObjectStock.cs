namespace Aurora.Base;

/// <summary>How many objects of one type there are, and how many there may be: what is known of a slab whatever it holds.</summary>
public abstract class ObjectStock
{
    private protected ObjectStock(int limit, int bytesOfObject)
    {
        Limit = limit;
        BytesOfObject = bytesOfObject;
    }

    /// <summary>The number of live objects.</summary>
    public int Count { get; private protected set; }

    /// <summary>The most there may be.</summary>
    public int Limit { get; }

    /// <summary>What each takes, with what it always has elsewhere.</summary>
    public int BytesOfObject { get; }
}
