namespace Aurora.Base;

/// <summary>Names an object in a <see cref="Slab{T}"/>; the generation makes a handle to a freed object detectable. The default names none.</summary>
public readonly struct Handle<T>
    where T : unmanaged
{
    public readonly uint Index;
    public readonly uint Generation;

    public Handle(uint index, uint generation)
    {
        Index = index;
        Generation = generation;
    }

    public bool IsNone => Generation == 0;
}
