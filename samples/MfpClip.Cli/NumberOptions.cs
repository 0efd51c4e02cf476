using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace MfpClip.Cli;

/// <summary>
/// Numbers of options are written with a point, whatever the system's language. Without this "1,5" would be read as 15: the parser ignores commas between
/// digits.
/// </summary>
internal static class NumberOptions
{
    private static readonly Type[] Reals = [typeof(double), typeof(float), typeof(decimal)];
    private static readonly Type[] Integers = [typeof(int), typeof(long), typeof(uint), typeof(ulong), typeof(short), typeof(byte)];

    /// <summary>Makes every number option of a command and its sub-commands refuse what is not a number in that form.</summary>
    public static void Check(Command command)
    {
        foreach (var option in command.Options)
        {
            var type = Element(option.ValueType);
            if (Reals.Contains(type))
            {
                option.Validators.Add(r => Refuse(r, option, NumberStyles.Float, "a number with a point, such as 1.5"));
            }
            else if (Integers.Contains(type))
            {
                option.Validators.Add(r => Refuse(r, option, NumberStyles.AllowLeadingSign, "a whole number, such as 12"));
            }
        }

        foreach (var inner in command.Subcommands)
        {
            Check(inner);
        }
    }

    private static void Refuse(OptionResult result, Option option, NumberStyles styles, string wanted)
    {
        foreach (var token in result.Tokens.Where(t => !double.TryParse(t.Value, styles, CultureInfo.InvariantCulture, out _)))
        {
            result.AddError($"{option.Name} is '{token.Value}'; it must be {wanted}.");
        }
    }

    private static Type Element(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsArray ? Element(type.GetElementType()!) : type;
    }
}
