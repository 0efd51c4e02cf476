using MfpClip.Execution;

namespace MfpClip.Objectives;

/// <summary>
/// A method as a trainer sees it: what changes, what must not, and what is minimised. The one contract through which every method is trained.
/// </summary>
/// <remarks>
/// Got from a built detector with <see cref="ZeroShotDetector.GetTrainable"/>; the tensors stay the detector's. not safe during a running
/// <see cref="ZeroShotDetector.Detect"/> of the same detector: weights change under it.
/// </remarks>
public interface ITrainableMethod
{
    /// <summary>Name with its paper.</summary>
    string Name { get; }

    /// <summary>The paper's (or its authors' code's) settings.</summary>
    TrainingRecipe Recipe { get; }

    /// <summary>
    /// Every tensor that training changes, by full name, in a fixed order: leaves of the graph, float32. Whoever trains switches
    /// <c>requires_grad</c> on, and off again at the end.
    /// </summary>
    IReadOnlyList<KeyValuePair<string, Tensor>> TrainedWeights { get; }

    /// <summary>Every tensor that training must leave as it is: towers and CNN. Hashed before and after.</summary>
    IReadOnlyList<KeyValuePair<string, Tensor>> FrozenWeights { get; }

    /// <summary>Runs the forward pass with its graph and compares with labels and masks.</summary>
    /// <param name="batch">Images of any classes; some may lack a mask, then they count for the image terms only.</param>
    /// <param name="context">What the forward pass runs under; a training that is to be resumed wants <see cref="ForwardContext.Reproducible"/>.</param>
    TrainingLoss Loss(TrainingBatch batch, ForwardContext context);

    /// <summary>Called whenever the trained weights have changed: forgets what was computed from them, such as kept text embeddings.</summary>
    void WeightsChanged();
}
