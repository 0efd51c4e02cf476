namespace MfpClip.Prompts.Text;

/// <summary>
/// The sentences of both states, as data: every template is filled with every state, and every state with the class name. Several
/// sentences of a state are an ensemble: mean of their normalised embeddings, renormalised.
/// </summary>
public sealed record PromptTemplates
{
    /// <summary>Stands for a state in a template.</summary>
    public const string StatePlaceholder = "[state]";

    /// <summary>Stands for the class name in a state.</summary>
    public const string ObjectPlaceholder = "[object]";

    /// <summary>One sentence for each state, as given by the paper.</summary>
    public static PromptTemplates Paper { get; } = new();

    /// <summary>Sentences around a state.</summary>
    /// <value>Default "a photo of [state]".</value>
    public IReadOnlyList<string> Templates { get; init; } = ["a photo of [state]"];

    /// <summary>Words for a normal object.</summary>
    /// <value>Default "a normal [object]".</value>
    public IReadOnlyList<string> NormalStates { get; init; } = ["a normal [object]"];

    /// <summary>Words for an abnormal object.</summary>
    /// <value>Default "an abnormal [object]".</value>
    public IReadOnlyList<string> AbnormalStates { get; init; } = ["an abnormal [object]"];

    /// <summary>The sentences of a class name.</summary>
    public (IReadOnlyList<string> Normal, IReadOnlyList<string> Abnormal) Expand(string className)
    {
        ArgumentNullException.ThrowIfNull(className);
        return (Fill(NormalStates), Fill(AbnormalStates));

        List<string> Fill(IReadOnlyList<string> states) =>
        [
            .. from state in states
               from template in Templates
               select template.Replace(StatePlaceholder, state.Replace(ObjectPlaceholder, className, StringComparison.Ordinal), StringComparison.Ordinal),
        ];
    }

    internal IEnumerable<string> Faults()
    {
        foreach (var (name, items, placeholder) in new[]
        {
            (nameof(Templates), Templates, StatePlaceholder), (nameof(NormalStates), NormalStates, ObjectPlaceholder), (nameof(AbnormalStates), AbnormalStates, ObjectPlaceholder),
        })
        {
            if (items.Count == 0)
            {
                yield return $"Prompt templates: {name} is empty.";
            }

            foreach (string item in items.Where(i => !i.Contains(placeholder, StringComparison.Ordinal)))
            {
                yield return $"Prompt templates: {name} has '{item}' without {placeholder}.";
            }
        }
    }
}
