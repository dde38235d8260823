using System;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Aurora.Linux.Tests;

/// <summary>A field of a kernel structure that is a plain number: where it is and how long.</summary>
internal readonly record struct StructField(string Name, int Offset, int Bytes);

/// <summary>Finds the plain numbers of a kernel structure, those of structures within it included; pointers and object headers are left out.</summary>
internal static class StructFields
{
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    public static List<StructField> Of<T>()
        where T : unmanaged
    {
        var found = new List<StructField>();
        foreach ((string name, object marked, int bytes) in Mark(typeof(T)))
            found.Add(new StructField($"{typeof(T).Name}.{name}", FirstMarked(Unsafe.Unbox<T>(marked)), bytes));
        return found;
    }

    // Each number in turn with all bits set, in a structure that is otherwise zero: where it shows is its place.
    private static IEnumerable<(string Name, object Marked, int Bytes)> Mark(Type type)
    {
        foreach (FieldInfo field in type.GetFields(Fields))
        {
            Type kind = field.FieldType.IsEnum ? Enum.GetUnderlyingType(field.FieldType) : field.FieldType;
            if (kind.IsPointer || field.FieldType == typeof(Aurora.Base.ObjectHeader) || field.IsDefined(typeof(FixedBufferAttribute)))
                continue;
            if (!kind.IsPrimitive)
            {
                foreach ((string name, object inner, int bytes) in Mark(field.FieldType))
                    yield return ($"{field.Name}.{name}", With(type, field, inner), bytes);
                continue;
            }
            (object ones, int length) = kind switch
            {
                _ when kind == typeof(bool) => ((object)true, 1),
                _ when kind == typeof(byte) => (byte.MaxValue, 1),
                _ when kind == typeof(short) => ((short)-1, 2),
                _ when kind == typeof(ushort) => (ushort.MaxValue, 2),
                _ when kind == typeof(int) => (-1, 4),
                _ when kind == typeof(uint) => (uint.MaxValue, 4),
                _ when kind == typeof(long) => (-1L, 8),
                _ when kind == typeof(ulong) => (ulong.MaxValue, 8),
                _ => throw new NotSupportedException($"{type}.{field.Name} is a {kind}"),
            };
            object value = field.FieldType.IsEnum ? Enum.ToObject(field.FieldType, ones) : ones;
            yield return (field.Name, With(type, field, value), length);
        }
    }

    private static object With(Type type, FieldInfo field, object value)
    {
        object whole = RuntimeHelpers.GetUninitializedObject(type);
        field.SetValue(whole, value);
        return whole;
    }

    private static unsafe int FirstMarked<T>(T value)
        where T : unmanaged
        => new ReadOnlySpan<byte>(&value, sizeof(T)).IndexOfAnyExcept((byte)0);
}
