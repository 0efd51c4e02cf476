using MfpClip.Objectives;

namespace MfpClip.Pipeline;

/// <summary>What a method's paper or code minimises, on the output of the one pipeline.</summary>
public interface ITrainingObjective
{
    /// <summary>The paper's (or its authors' code's) settings.</summary>
    TrainingRecipe Recipe { get; }

    /// <summary>Whether <see cref="PipelineOutput.StageMaps"/> are read.</summary>
    bool ReadsStageMaps { get; }

    /// <summary>Adds the terms of images of one class.</summary>
    /// <param name="sums">Takes the terms.</param>
    /// <param name="output">Forward pass of these images, with its graph.</param>
    /// <param name="part">The images.</param>
    /// <param name="fraction">Their fraction of the batch: what a term that is a mean over images counts.</param>
    /// <param name="maskFraction">Fraction of those with a mask among all with a mask.</param>
    void Add(TermSums sums, PipelineOutput output, TrainingBatch part, double fraction, double maskFraction);
}
