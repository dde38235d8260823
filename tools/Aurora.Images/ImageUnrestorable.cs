using System;
using System.Globalization;

namespace Aurora.Images;

/// <summary>A state that a machine could not continue from.</summary>
/// <param name="Sequence">Its place in the order of all commits; zero for the present state.</param>
/// <param name="Epoch">The group's number for it.</param>
/// <param name="Name">The name it was given; empty for most.</param>
/// <param name="Kind">The kind of the object that cannot be restored, in words; empty when it is not about one.</param>
/// <param name="KindNumber">The same as it is stored.</param>
/// <param name="Object">The object's id.</param>
/// <param name="Reason">Why.</param>
public sealed record ImageUnrestorable(ulong Sequence, ulong Epoch, string Name, string Kind, int KindNumber, ulong Object, string Reason)
{
    /// <summary>All of it in one sentence.</summary>
    public string Text
    {
        get
        {
            string state = Sequence == 0 ? "the present state" : "checkpoint";
            string name = Name.Length == 0 ? "" : $" '{Name}'";
            string place = Kind.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $": {Kind} {Object} (kind {KindNumber})");
            return string.Create(CultureInfo.InvariantCulture, $"{state}{name} (epoch {Epoch}) cannot be restored: {Reason}{place}");
        }
    }
}
