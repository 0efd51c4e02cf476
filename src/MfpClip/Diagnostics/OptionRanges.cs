using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace MfpClip.Diagnostics;

/// <summary>
/// Evaluates the <see cref="RangeAttribute"/> of options: the one place where a range stands is the property. What depends on more than one value
/// is checked by the options themselves.
/// </summary>
internal static class OptionRanges
{
    private static readonly ConcurrentDictionary<Type, (PropertyInfo Property, RangeAttribute Range)[]> Known = new();

    /// <summary>Every value outside its range; <see langword="null"/> is inside.</summary>
    /// <param name="options">The options.</param>
    /// <param name="part">What they are options of, for the message.</param>
    /// <param name="properties">Which properties; none: all.</param>
    public static IEnumerable<string> Faults(object options, string part, params IReadOnlyCollection<string> properties)
    {
        foreach (var (property, range) in Known.GetOrAdd(options.GetType(), Ranges))
        {
            if ((properties.Count == 0 || properties.Contains(property.Name)) && property.GetValue(options) is { } value && !range.IsValid(value))
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture, $"{part}: {property.Name} is {value}; it must be from {range.Minimum} to {range.Maximum}.");
            }
        }
    }

    private static (PropertyInfo, RangeAttribute)[] Ranges(Type type) =>
        [.. type.GetProperties().Select(p => (Property: p, Range: p.GetCustomAttribute<RangeAttribute>())).Where(p => p.Range is not null)
            .Select(p => (p.Property, p.Range!))];
}
